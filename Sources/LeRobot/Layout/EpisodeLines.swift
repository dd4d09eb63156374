import Foundation

/// Reads `meta/episodes.jsonl` of LeRobot v2.0 and v2.1.
struct EpisodeLines {
    let folder: URL
    let info: DatasetInfo
    let cameras: [String]
    let log: WarningLog

    /// All episodes in order.
    func list() throws(LeRobotError) -> EpisodeList {
        let file = folder.appending(path: "meta/episodes.jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else {
            guard info.totalEpisodes == 0 else {
                throw .missingFile(
                    file.path,
                    needed: "it lists the episodes of \(info.codebaseVersion); fetch it, or write a line "
                        + "{\"episode_index\": 0, \"tasks\": [...], \"length\": ...} for each"
                )
            }
            return EpisodeList([], source: file.path, log: log)
        }
        let lines = try JSONValue.lines(of: file) {
            log.add(file.path, nil, "its last line is cut off, as by an interruption, and is left out")
        }
        var known: [[String]: [String]] = [:]
        var episodes: [ListedEpisode] = []
        episodes.reserveCapacity(lines.count)
        for (number, line) in lines.enumerated() {
            guard let index = line["episode_index"]?.integer, index >= 0 else {
                throw .wrongField(
                    file: file.path,
                    field: "episode_index",
                    expected: "a number from 0 on in entry \(number)",
                    found: line["episode_index"]?.summary ?? "nothing"
                )
            }
            let location = FileLocation(chunk: index / info.chunksSize, file: index)
            let segment = Episode.VideoSegment(location: location, from: 0, to: .infinity)
            let texts =
                line["tasks"].flatMap(FeatureNames.texts) ?? line["task"].flatMap(FeatureNames.texts) ?? []
            // Most episodes share their instructions.
            let tasks = known[texts, default: texts]
            known[texts] = tasks
            episodes.append(
                ListedEpisode(
                    number: index,
                    tasks: tasks,
                    length: line["length"]?.integer,
                    dataFile: location,
                    bounds: nil,
                    videos: Dictionary(uniqueKeysWithValues: cameras.map { ($0, segment) })
                )
            )
        }
        return EpisodeList(episodes, source: file.path, log: log)
    }
}
