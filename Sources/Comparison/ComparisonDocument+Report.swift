internal import ActionTokenizers
internal import Evaluation
internal import Foundation
public import Reports

extension ComparisonDocument {
    /// The comparison as one page.
    ///
    /// - Parameters:
    ///   - examples: Example chunks of every dataset.
    ///   - command: Command line that reproduces the comparison.
    ///   - programVersion: Version of the program.
    /// - Returns: The values of the page.
    public func report(examples: [[ComparisonExample]], command: String, programVersion: String)
        -> ComparisonReport
    {
        var report = ComparisonReport(title: "Action tokenizers compared")
        let chunks = datasets.reduce(0) { $0 + $1.chunks }
        report.subtitle =
            "\(chunks) chunks of \(datasets.reduce(0) { $0 + $1.episodes }) episodes that no baseline was fitted to, from "
            + "\(datasets.count) dataset\(datasets.count == 1 ? "" : "s"). Errors are in units where a column's 1\u{202F}% and "
            + "99\u{202F}% quantiles are −1 and 1."
        report.keyFigures = keyFigures
        report.datasets = zip(datasets, examples).map { $0.section(examples: $1) }
        report.replays = replays.map(\.section)
        report.facts = [
            ("episodes evaluated", episodes), ("seed of the intervals", "\(seed)"),
            ("chunk", "\(datasets.first?.horizon ?? 0) control steps"),
            ("processor cores", "\(ProcessInfo.processInfo.activeProcessorCount)"),
            ("faster", programVersion),
        ]
        report.commands = [command]
        return report
    }

    /// Numbers of comparisons that FASTerVQ wins, by measure.
    private var keyFigures: [RunReport.KeyFigure] {
        let results = datasets.flatMap(\.results)
        guard !results.isEmpty else { return [] }
        return ComparisonResult.Measure.allCases.map { measure in
            let outcomes = results.compactMap { $0.measures.first { $0.measure == measure }?.outcome }
            let worse = outcomes.count { $0 == .worse }
            return .init(
                label: "FASTerVQ better in \(measure.name)",
                value: "\(outcomes.count { $0 == .better }) of \(results.count)",
                note: "comparisons at equal or fewer bits or tokens; worse in \(worse)"
            )
        }
    }
}

extension DatasetComparison {
    fileprivate func section(examples: [ComparisonExample]) -> ComparisonReport.Dataset {
        var section = ComparisonReport.Dataset(name: name)
        section.introduction =
            "\(episodes) episodes, \(chunks) chunks of \(horizon) × \(columns.count)."
            + (isHeldOut ? " Held out: FASTerVQ was trained on neither robot nor tasks." : "")
        section.results = results.map(\.row)
        section.curves = curves
        section.columns = columnRows
        section.examples = examples.map { example in
            .init(
                title: example.title,
                note: example.versions.map { "\($0.name): largest error \(Self.number($0.peak))" }
                    .joined(separator: "; "),
                columns: columns,
                original: example.original,
                versions: example.versions.compactMap { version in
                    guard let curve = fullTokenizers.first(where: { $0.name == version.name })?.curve else {
                        return nil
                    }
                    return (curve: curve, name: version.name, values: version.values)
                }
            )
        }
        return section
    }

    private static func number(_ value: Double) -> String { String(format: "%.3f", value) }

    private var fullTokenizers: [OperatingPoint] { operatingPoints.filter(\.isFullTokenizer) }

    private var curves: [ComparisonReport.Curve] {
        let names = operatingPoints.reduce(into: [String]()) {
            if !$0.contains($1.curve) { $0.append($1.curve) }
        }
        return names.map { name in
            let base = names.first { name.hasPrefix($0 + ",") }
            let points = operatingPoints.filter { $0.curve == name }
            return .init(name: name, base: base, points: points.map { $0.reportPoint(columns) })
        }
    }

    /// Every column, under its group where groups have several.
    private var columnRows: [ComparisonReport.Column] {
        var rows: [ComparisonReport.Column] = []
        for (index, column) in columns.enumerated() {
            let members = groups.indices.filter { groups[$0] == groups[index] }
            func errors(_ members: [Int]) -> [(name: String, error: Double)] {
                fullTokenizers.map { point in
                    let sum = members.reduce(0) { $0 + point.columnErrors[$1] }
                    return (name: point.name, error: sum / Double(members.count))
                }
            }
            if members.first == index {
                rows.append(.init(name: groups[index], isGroup: true, errors: errors(members)))
            }
            // A group of one column needs one row, unless the column has a name of its own.
            if members.count > 1 || column != groups[index] {
                rows.append(.init(name: column, errors: errors([index])))
            }
        }
        return rows
    }
}

extension OperatingPoint {
    fileprivate func reportPoint(_ columns: [String]) -> ComparisonReport.OperatingPoint {
        func measured(_ estimate: Estimate) -> ComparisonReport.Measured {
            .init(estimate.value, low: estimate.interval.low, high: estimate.interval.high)
        }
        func fractions(_ estimates: [String: Estimate]) -> [(
            tolerance: String, fraction: ComparisonReport.Measured
        )] {
            estimates.sorted { $0.key < $1.key }.map { ($0.key, measured($0.value)) }
        }
        var point = ComparisonReport.OperatingPoint(name: name + (seeds > 1 ? ", \(seeds) seeds" : ""))
        point.bits = (bitsPerChunk.mean, bitsPerChunk.max)
        point.tokens = (tokensPerChunk.mean, tokensPerChunk.max)
        point.l1 = measured(l1)
        point.vrrMaxAbsolute = fractions(vrr.maxAbsolute)
        point.vrrL2 = fractions(vrr.l2)
        point.fullTokenizer = isFullTokenizer ? fullTokenizer(columns) : nil
        return point
    }

    private func fullTokenizer(_ columns: [String]) -> ComparisonReport.FullTokenizer {
        func mean(_ key: KeyPath<TokenizerMetrics.CodebookUse, Double>) -> Double {
            codebooks.map { $0[keyPath: key] }.mean ?? .nan
        }
        var full = ComparisonReport.FullTokenizer()
        full.utilization = mean(\.utilization)
        full.normalizedEntropy = mean(\.normalizedEntropy)
        full.topFrequency = mean(\.topFrequency)
        full.encode = encodeMicroseconds.map { ($0.p50, $0.p99) } ?? full.encode
        full.decode = decodeMicroseconds.map { ($0.p50, $0.p99) } ?? full.decode
        full.quantiles = tail.quantiles.map { ($0.fraction, $0.error) }
        full.worstPeak = tail.worstPeak
        full.worstL1 = tail.worstL1
        full.worstColumns = zip(columns, tail.worstColumns).map { (name: $0, fraction: $1) }
            .sorted { $0.fraction > $1.fraction }
        return full
    }
}

extension ComparisonResult {
    fileprivate var row: ComparisonReport.ComparisonResult {
        .init(
            budget: budget.name,
            own: operatingPoint ?? "\(curve): no operating point",
            size: size ?? .nan,
            other: other,
            otherSize: otherSize,
            measures: self.measures.map { comparison in
                func text(_ value: Double) -> String {
                    comparison.measure == .l1
                        ? String(format: "%.4f", value) : String(format: "%.1f %%", 100 * value)
                }
                let outcomes: [Outcome: ComparisonReport.ComparisonResult.Outcome] = [
                    .better: .better, .worse: .worse,
                ]
                return .init(
                    name: comparison.measure.name,
                    own: text(comparison.own),
                    other: text(comparison.other),
                    outcome: outcomes[comparison.outcome] ?? .undecided
                )
            }
        )
    }
}

extension ReplaySummary {
    fileprivate var section: ComparisonReport.Replay {
        .init(
            title:
                "\(simulator), \(tasks.count) task\(tasks.count == 1 ? "" : "s"), \(episodes.count) episodes",
            rows: versions.map { version in
                .init(
                    name: version.name,
                    rate: .init(
                        fraction: version.success,
                        episodes: episodes.count,
                        low: version.interval.low,
                        high: version.interval.high
                    ),
                    difference: version.difference.map {
                        .init($0.value, low: $0.interval.low, high: $0.interval.high)
                    },
                    pValue: version.difference?.pValue,
                    lost: version.difference?.lost ?? 0,
                    won: version.difference?.won ?? 0,
                    tasks: version.tasks
                )
            }
        )
    }
}
