/// Runs of rows of one episode in a data file, by the rows' own `episode_index`.
struct RowRuns {
    /// Consecutive rows with one number.
    struct Run: Equatable {
        let episode: Int
        let rows: Range<Int>
    }

    /// Runs in order of the file; nil where it has no `episode_index`.
    let runs: [Run]?

    /// Rows in the file.
    let rowCount: Int

    /// Reads the footer, and the column only of row groups with several episodes.
    init(_ reader: ParquetReader) throws(LeRobotError) {
        rowCount = reader.rowCount
        guard reader.has("episode_index") else {
            runs = nil
            return
        }
        var runs: [Run] = []
        func add(_ episode: Int, _ rows: Range<Int>) {
            if let last = runs.last, last.episode == episode, last.rows.upperBound == rows.lowerBound {
                runs[runs.count - 1] = Run(episode: episode, rows: last.rows.lowerBound ..< rows.upperBound)
            } else {
                runs.append(Run(episode: episode, rows: rows))
            }
        }
        for (group, rows) in reader.groups.enumerated() where !rows.isEmpty {
            if let range = reader.range(of: "episode_index", group: group), range.count == 1 {
                add(range.lowerBound, rows)
                continue
            }
            let column = try reader.column("episode_index", groups: group ..< group + 1)
            let numbers = try column.optionalIntegers()
            var first = 0
            for row in 1 ... numbers.count where row == numbers.count || numbers[row] != numbers[first] {
                // Rows without a number belong to no episode.
                add(numbers[first] ?? -1, rows.lowerBound + first ..< rows.lowerBound + row)
                first = row
            }
        }
        self.runs = runs
    }
}
