public import Foundation

extension DatasetCheck {
    /// Findings of one of several processes in its share of a dataset's files, for ``findings(of:joining:)``.
    public struct Part: Codable, Sendable {
        /// Findings in rows, in the order of the files.
        var rows: [DatasetFinding] = []

        /// Findings in videos, in the order of cameras and files.
        var videos: [DatasetFinding] = []

        /// Images that are absent or damaged, by camera.
        var images: [String: FaultyImages] = [:]

        /// Summaries of the rows, by feature.
        var statistics: [String: RunningSummary] = [:]
    }

    /// Rows without a whole image.
    struct FaultyImages: Codable, Sendable {
        /// The first one.
        let first: DatasetFinding

        /// Their number.
        var count: Int
    }

    /// Examines a process's share of the files in a folder.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - rank: Position of the process, from 0.
    ///   - size: Number of processes.
    ///   - progress: Called with the number of episodes that are done, scaled to all of the dataset, and their number.
    /// - Returns: What was found; nothing of a dataset that cannot be opened.
    public static func part(
        of folder: URL,
        rank: Int,
        of size: Int,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) -> Part {
        guard let dataset = try? LeRobotDataset(opening: folder) else { return Part() }
        var check = DatasetCheck(dataset, share: (rank, size), progress: progress)
        return check.examine()
    }

    /// Findings of the whole dataset from those of all processes, in the order of ranks.
    public static func findings(of folder: URL, joining parts: [Part]) -> [DatasetFinding] {
        do throws(LeRobotError) {
            var check = DatasetCheck(try LeRobotDataset(opening: folder), share: (0, 1)) { _, _ in }
            check.join(parts)
            return check.findings
        } catch {
            return [DatasetFinding(severity: .error, error, folder: folder.path)]
        }
    }
}

extension Array {
    /// The elements of a process, an equal number in a row.
    func share(_ rank: Int, of size: Int) -> ArraySlice<Element> {
        self[count * rank / size ..< count * (rank + 1) / size]
    }
}
