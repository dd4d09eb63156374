import Foundation

extension DatasetCheck {
    /// Compares `meta/stats.json` with the rows.
    mutating func checkStatistics() {
        let file = dataset.folder.appending(path: "meta/stats.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            if dataset.info.codebaseVersion != "v2.1" {
                add(file.path, "statistics", "expected this file, found none", severity: .warning)
            }
            return
        }
        let recorded: JSONValue
        do throws(LeRobotError) { recorded = try JSONValue.reading(file) } catch { return add(error) }
        for (name, summary) in statistics.sorted(by: { $0.key < $1.key }) {
            guard let entry = recorded[name] else {
                add(file.path, name, "expected statistics of this feature, found none", severity: .warning)
                continue
            }
            for (key, expected) in summary.parts {
                guard let found = entry[key].map(\.flatNumbers) else { continue }
                guard found.count == expected.count else {
                    add(
                        file.path,
                        "\(name).\(key)",
                        "expected \(expected.count) numbers, found \(found.count)",
                        severity: .warning
                    )
                    break
                }
                guard
                    let index = found.indices.first(where: {
                        abs(found[$0] - expected[$0]) > 1e-3
                            * max(summary.spread[$0], abs(expected[$0]), 1e-3)
                    })
                else { continue }
                add(
                    file.path,
                    "\(name).\(key)",
                    "column \(index): expected \(Float(expected[index])) by the rows, found \(Float(found[index]))",
                    severity: .warning
                )
                break
            }
        }
    }
}
