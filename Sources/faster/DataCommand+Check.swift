import ArgumentParser
import Foundation
import LeRobot

extension DataCommand {
    /// `faster data check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with a dataset, or between datasets that are used together.",
            discussion: """
                Examines every row (numbers, indices, times), the metadata's totals, the statistics, and the frames of every \
                video. Several folders are compared with the first one, too: rates, features, names, units by the range of \
                values, and colours. Ends with status 0 if there are no errors and no warnings, else 1; notes are things to look at.
                With --repair, says which episodes 'data repair' would keep, and ends with status 0 once that is known; nothing \
                is written.
                """
        )

        @Argument(help: "Folder of a dataset; several are compared with the first.")
        var folders: [String]

        @Flag(help: "Say what 'data repair' would mend and what it would leave out.")
        var repair = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var group: ProcessOptions

        private struct Report: Encodable {
            let errors: Int
            let warnings: Int
            let notes: Int
            let findings: [DatasetFinding]
            let repairs: [RepairPlan]?
        }

        func run() async throws {
            if try group.isLauncher { return try await group.launchExamination() }
            let processes = try group.join()
            var found: [[DatasetFinding]] = []
            for folder in folders {
                let progress = Terminal.DelayedProgress("check")
                let part = DatasetCheck.part(
                    of: folder.asFile,
                    rank: processes.place.rank,
                    of: processes.place.size
                ) { progress.update($0, of: $1) }
                let parts = try processes.gathered(part)
                if !Terminal.isQuiet {
                    found.append(DatasetCheck.findings(of: folder.asFile, joining: parts))
                }
            }
            guard !Terminal.isQuiet else { return }
            let findings = found.flatMap(\.self) + comparisons
            let plans = repair ? zip(folders, found).map { RepairPlan($0, isClean: $1.isEmpty) } : nil
            let errors = findings.filter { $0.severity == .error }.count
            let warnings = findings.filter { $0.severity == .warning }.count
            if json {
                try Terminal.printJSON(
                    Report(
                        errors: errors,
                        warnings: warnings,
                        notes: findings.count - errors - warnings,
                        findings: findings,
                        repairs: plans
                    )
                )
            } else {
                for finding in findings { print(finding) }
                let notes = findings.count - errors - warnings
                print(
                    "\(folders.joined(separator: ", ")): \(errors) errors, \(warnings) warnings"
                        + (notes > 0 ? ", \(notes) notes" : "")
                )
                for plan in plans ?? [] { print(plan) }
            }
            if errors + warnings > 0, !repair { throw ExitCode(1) }
        }

        /// Differences of every further dataset from the first one, where both can be opened.
        private var comparisons: [DatasetFinding] {
            guard folders.count > 1, let first = try? LeRobotDataset(opening: folders[0].asFile) else {
                return []
            }
            return folders.dropFirst().flatMap { folder -> [DatasetFinding] in
                guard let other = try? LeRobotDataset(opening: folder.asFile),
                    let comparison = try? DatasetDifferences(first, other)
                else { return [] }
                return comparison.findings
            }
        }
    }
}

/// Episodes that `faster data repair` would keep of a dataset.
private struct RepairPlan: Encodable, CustomStringConvertible {
    struct LeftOut: Encodable {
        let episode: Int
        let reason: String
    }

    let folder: String
    let kept: [Int]
    let leftOut: [LeftOut]
    let reason: String?
    private let isClean: Bool

    private enum CodingKeys: String, CodingKey {
        case folder, kept, reason
        case leftOut = "left_out"
    }

    init(_ folder: String, isClean: Bool) {
        self.folder = folder
        self.isClean = isClean
        do throws(LeRobotError) {
            let repair = try DatasetRepair(opening: folder.asFile)
            kept = repair.kept
            leftOut = repair.leftOut.map { LeftOut(episode: $0.episode, reason: $0.reason) }
            reason = nil
        } catch { (kept, leftOut, reason) = ([], [], error.description) }
    }

    var description: String {
        if let reason { return "\(folder): nothing can be repaired: \(reason)" }
        if isClean { return "\(folder): nothing to repair" }
        var lines = leftOut.prefix(20).map { "  left out: episode \($0.episode): \($0.reason)" }
        if leftOut.count > 20 { lines.append("  and \(leftOut.count - 20) more") }
        let count = kept.count + leftOut.count
        return
            ([
                "\(folder): 'faster data repair \(folder) --out FOLDER' keeps \(kept.count) of \(count) episodes, with indices, "
                    + "totals, tasks and statistics written anew"
            ] + lines).joined(separator: "\n")
    }
}
