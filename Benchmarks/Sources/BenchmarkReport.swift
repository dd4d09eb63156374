import Foundation
import Torch

/// The machine that a benchmark ran on.
struct Machine: Encodable {
    let processor: String
    let cores: Int
    let threads: Int
    let libtorch: String
    /// Processes that wanted a core during the last minute; above the number of cores, times are of little use.
    let load: String

    init(threads: Int) {
        let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = facts.split(separator: "\n").first { $0.hasPrefix("model name") }
        processor =
            model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
        cores = ProcessInfo.processInfo.activeProcessorCount
        self.threads = threads
        libtorch = Torch.version
        let loads = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "unknown"
        load = String(loads.prefix { $0 != " " })
    }

    /// Sets libtorch up as `faster` does.
    static func prepare(threads: Int) {
        Torch.threadCount = threads
        Torch.keepFreedMemory()
    }

    /// For file names: `amd-epyc-9b14-2-cores`.
    var slug: String {
        let words = "\(processor) \(cores) cores".lowercased().split { !$0.isLetter && !$0.isNumber }
        return words.joined(separator: "-")
    }
}

/// Results of one benchmark.
struct BenchmarkReport: Encodable {
    let benchmark: Benchmark
    let machine: Machine
    let command: String
    let rounds: Int
    let comparisons: [Comparison]
    var date = String(Date().ISO8601Format().prefix(10))

    /// `decoding_amd-epyc-9b14-2-cores_2026-11-25.md`.
    var fileName: String { "\(benchmark.rawValue)_\(machine.slug)_\(date).md" }

    private var conditions: String {
        "\(machine.processor), cores \(machine.cores), threads \(machine.threads), load \(machine.load) before, libtorch "
            + "\(machine.libtorch); median (middle half) of \(rounds) rounds"
    }

    /// Tables for a terminal.
    var text: String {
        let tables = comparisons.map { comparison in
            let lines = comparison.lines
            let width = lines.map(\.name.count).max() ?? 0
            return
                ([comparison.title] + comparison.notes.map { "  " + $0 }
                + lines.map { line in
                    "  " + line.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + line.value
                }).joined(separator: "\n")
        }
        return (["\(benchmark.rawValue): \(conditions)"] + tables).joined(separator: "\n\n")
    }

    /// The same as a file for `Benchmarks/Results`.
    var markdown: String {
        let tables = comparisons.map { comparison in
            let notes = comparison.notes.map { $0 + "\n" }.joined()
            let rows = comparison.lines.map { "| \($0.name) | \($0.value) |" }
            let table = (["| | |", "|---|---|"] + rows).joined(separator: "\n")
            return "## \(comparison.title)\n\n" + (notes.isEmpty ? "" : notes + "\n") + table + "\n"
        }
        let head = "# \(benchmark.rawValue)\n\n`\(command)`, \(date): \(conditions).\n"
        return ([head] + tables).joined(separator: "\n")
    }
}

extension Comparison {
    /// Rows and ratios as words.
    fileprivate var lines: [(name: String, value: String)] {
        rows.map { row in
            let processor = row.processor.map { "; processor \($0.medianWords)" } ?? ""
            return (row.name, "\(row.spread.words) \(unit)\(processor)\(row.efficiency?.words ?? "")")
        }
            + ratios.map { ratio in
                let processor = ratio.processor.map { "; processor \($0.words)" } ?? ""
                return (
                    ratio.name, ratio.spread.words + processor + (ratio.target.map { ", wanted \($0)" } ?? "")
                )
            }
    }
}

extension Spread {
    /// For example `2.04 (1.98 to 2.31)`.
    fileprivate var words: String {
        "\(Self.text(median)) (\(Self.text(lowerQuartile)) to \(Self.text(upperQuartile)))"
    }

    /// For example `2.04`.
    fileprivate var medianWords: String { Self.text(median) }

    /// Three digits that count.
    private static func text(_ value: Double) -> String {
        let digits = value == 0 ? 0 : 2 - Int(log10(abs(value)).rounded(.down))
        return String(format: "%.\(max(0, digits))f", value)
    }
}

extension Roofline.Efficiency {
    /// For example `; 92.1 GFLOP/s, 81 % of peak; 12.0 GB/s, 40 % of memory`.
    fileprivate var words: String {
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
        return String(format: "; %.1f GFLOP/s, ", gigaflops) + percent(shareOfPeak) + " of peak"
            + String(format: "; %.1f GB/s, ", gigabytes) + percent(shareOfBandwidth) + " of memory"
    }
}
