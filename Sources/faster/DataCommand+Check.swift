import ArgumentParser
import Foundation
import LeRobot

extension DataCommand {
    /// `faster data check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with a dataset.",
            discussion: """
                Examines every row (numbers, indices, times), the metadata's totals, the statistics, and the frames of every \
                video. Ends with status 0 if nothing is wrong, and 1 if there are errors or warnings.
                """
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Flag(help: "Print JSON.")
        var json = false

        private struct Report: Encodable {
            let errors: Int
            let warnings: Int
            let findings: [DatasetFinding]
        }

        func run() throws {
            let progress = Terminal.DelayedProgress("check")
            let findings = DatasetCheck.findings(of: folder.asFile) { progress.update($0, of: $1) }
            let errors = findings.filter { $0.severity == .error }.count
            if json {
                try Terminal.printJSON(
                    Report(errors: errors, warnings: findings.count - errors, findings: findings)
                )
            } else {
                for finding in findings { print(finding) }
                print("\(folder): \(errors) errors, \(findings.count - errors) warnings")
            }
            if !findings.isEmpty { throw ExitCode(1) }
        }
    }
}
