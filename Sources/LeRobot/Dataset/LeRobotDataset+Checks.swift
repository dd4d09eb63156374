import Foundation

extension LeRobotDataset {
    /// Above this number of frames, the columns of all rows are not read by ``checkColumns()``.
    private static let maximumFramesRead = 1_000_000

    /// Compares the columns of the data files with `meta/info.json`, the rows' times with the rate, and recorded statistics
    /// with the rows; what differs becomes one of ``warnings``.
    ///
    /// - Throws: ``LeRobotError`` when a file is damaged.
    public func checkColumns() throws(LeRobotError) {
        guard let first = episodes.first(where: { !$0.pieces.isEmpty }), let piece = first.pieces.first else {
            return
        }
        let reader = try ParquetReader(opening: rowSource.url(piece.file))
        for (name, type) in reader.columns where info.features[name] == nil {
            log.add(
                reader.path,
                name,
                "a column of \(type) that meta/info.json does not describe; it is passed over"
            )
        }
        for (name, feature) in info.features.sorted(by: { $0.key < $1.key }) {
            guard feature.dtype != "video", !reader.has(name) else { continue }
            log.add(
                reader.path,
                name,
                "meta/info.json describes it, the file has no such column",
                once: "no column \(name)"
            )
        }
        guard frameCount <= Self.maximumFramesRead else { return }
        try checkTimes()
        try checkStatistics()
    }

    private func checkTimes() throws(LeRobotError) {
        var largest = (error: 0.0, episode: 0)
        for episode in episodes where !episode.pieces.isEmpty {
            guard let times = try rowSource.times(of: episode) else { continue }
            // Some recorders count from the end of the first frame.
            let start = times.first ?? 0
            for (row, time) in times.enumerated() {
                let error = abs(time - start - Double(row) / info.fps)
                if error > largest.error { largest = (error, episode.index) }
            }
        }
        guard largest.error > 0.5 / info.fps else { return }
        log.add(
            folder.path,
            "timestamp",
            "rows are up to \(String(format: "%.3f", largest.error)) s off the grid of \(info.fps) frames a second "
                + "(episode \(largest.episode)): a clock's times; frames of videos are chosen by times or order, never by "
                + "the rate"
        )
    }

    /// Compares `meta/stats.json` with the rows: statistics of merged datasets are often wrong.
    private func checkStatistics() throws(LeRobotError) {
        let file = folder.appending(path: "meta/stats.json")
        guard episodes.allSatisfy({ !$0.pieces.isEmpty }), FileManager.default.fileExists(atPath: file.path),
            let recorded = try? JSONValue.reading(file)
        else { return }
        let names = ["action", DatasetInfo.state].filter {
            recorded[$0] != nil && info.features[$0]?.isNumeric == true
        }
        guard !names.isEmpty else { return }
        let table = try loadTable(features: names, passingOverDamage: true)
        for name in names {
            guard let column = table.columns[name], column.values.allSatisfy(\.isFinite) else { continue }
            for (key, isBetter) in [("min", { $0 < $1 } as (Float, Float) -> Bool), ("max", { $0 > $1 })] {
                guard let values = recorded[name]?[key]?.elements?.compactMap(\.number),
                    values.count == column.dimension
                else { continue }
                for index in 0 ..< column.dimension {
                    var found = column.values[index]
                    for row in 0 ..< column.values.count / column.dimension {
                        let value = column.values[row * column.dimension + index]
                        if isBetter(value, found) { found = value }
                    }
                    guard abs(Double(found) - values[index]) > 1e-4 * max(1, abs(values[index])) else {
                        continue
                    }
                    log.add(
                        file.path,
                        name,
                        "\(key) of column \(index) is \(values[index]), of the rows \(found); statistics are computed "
                            + "from the rows"
                    )
                    break
                }
            }
        }
    }
}
