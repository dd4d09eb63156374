internal import ActionTokenizers
internal import Evaluation
internal import Foundation

extension RunFolder {
    /// The run as a page.
    public func report() -> RunReport {
        var report = RunReport(title: "FASTer: \(url.lastPathComponent)")
        report.subtitle = "Trainings, tokenizers and rollouts of one run"
        report.keyFigures = keyFigures
        report.curves = curves
        report.tokenizers = tokenizers.map { row($0.metrics) }
        if let own = fasterVQ {
            report.overlays = own.examples.map {
                .init(
                    title: $0.title,
                    columns: $0.columns,
                    original: $0.original.map { $0.map(Double.init) },
                    reconstructed: $0.reconstruction.map { $0.map(Double.init) }
                )
            }
            report.codebookUse = own.frequencies.enumerated().map {
                .init(name: "codebook \($0 + 1)", sortedFrequencies: $1)
            }
        }
        report.success = success
        report.groupSuccess = groupSuccess
        report.perturbations = perturbations
        report.latencies = policy?.episodes.filter { $0.perturbation == nil }.flatMap(\.latencies) ?? []
        report.stages = (policy?.summary.stages ?? []).map {
            .init(name: $0.name, count: $0.predictions, median: $0.times.p50, slow: $0.times.p99)
        }
        report.rollouts = policy.map(films(of:)) ?? []
        if let shipped {
            report.shipped = .init(
                success: rate(shipped.summary.mean),
                tasks: shipped.summary.tasks.count,
                rollouts: films(of: shipped)
            )
        }
        report.facts =
            evaluationFacts + facts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            + seconds.sorted { $0.key < $1.key }.map {
                ("time, \($0.key)", String(format: "%.0f s", $0.value))
            }
        // Facts are the quickstart's; what made another run is not known.
        report.commands =
            (facts.isEmpty ? [] : ["make quickstart"]) + ["faster report \(url.lastPathComponent)"]
        return report
    }

    /// Settings of the policy's evaluation.
    private var evaluationFacts: [(name: String, value: String)] {
        guard let settings = (policy ?? shipped)?.summary.settings else { return [] }
        var facts: [(name: String, value: String)] = [("evaluated policy", settings.policy)]
        if let digest = settings.policyDigest { facts.append(("policy's digest", digest)) }
        for (name, value) in settings.details { facts.append(("evaluation, \(name)", value)) }
        return facts
    }

    private var keyFigures: [RunReport.KeyFigure] {
        var figures: [RunReport.KeyFigure] = []
        if let mean = policy?.summary.mean, mean.episodes > 0 {
            figures.append(
                .init(
                    label: "success",
                    value: String(format: "%.0f\u{202F}%%", 100 * mean.success),
                    note: "\(mean.episodes) episodes, 95 % interval "
                        + String(
                            format: "%.0f to %.0f\u{202F}%%",
                            100 * mean.interval.low,
                            100 * mean.interval.high
                        )
                        + (policy?.summary.settings?.assets.map { ", \($0) assets" } ?? "")
                )
            )
            if let last = mean.lastStep {
                let interval = last.interval
                figures.append(
                    .init(
                        label: "at the last step",
                        value: String(format: "%.0f\u{202F}%%", 100 * last.success),
                        note: "success that stays, 95 % interval "
                            + String(
                                format: "%.0f to %.0f\u{202F}%%",
                                100 * interval.low,
                                100 * interval.high
                            )
                    )
                )
            }
            if let latency = mean.latency {
                figures.append(
                    .init(
                        label: "latency",
                        value: String(format: "%.1f ms", latency.p50),
                        note: String(format: "median round trip; 99\u{202F}%%: %.1f ms", latency.p99)
                    )
                )
            }
        }
        if let own = fasterVQ?.metrics {
            figures.append(
                .init(
                    label: "tokens a chunk",
                    value: String(format: "%.0f", own.tokensPerChunk.mean),
                    note:
                        "of \(own.horizon) x \(own.dimensions) actions, \(String(format: "%.0f", own.bitsPerChunk.mean)) bits"
                )
            )
        }
        return figures
    }

    /// Metrics of the trainings of tokenizer and policy.
    private var curves: [RunReport.Curve] {
        ([tokenizerCurve] + policyCurves + [codebookCurve]).compactMap { $0 }
    }

    private var tokenizerCurve: RunReport.Curve? {
        RunReport.Curve(
            "Tokenizer, mean absolute error",
            "normalised error",
            logarithmic: true,
            trainedAndHeldOut("l1", in: tokenizerMetrics)
        )
    }

    private var policyCurves: [RunReport.Curve?] {
        [
            RunReport.Curve(
                "Policy, cross-entropy",
                "nats a code",
                trainedAndHeldOut("loss", in: policyMetrics)
            ),
            RunReport.Curve(
                "Policy, decoded against demonstrated actions",
                "normalised error",
                [RunReport.Series("held out", of: "reconstruction_error", in: policyMetrics)]
            ),
            RunReport.Curve(
                "Policy, object poses (auxiliary loss)",
                "L1 and heatmap cross-entropy",
                trainedAndHeldOut("object_pose_loss", in: policyMetrics)
            ),
            RunReport.Curve(
                "Policy, rollouts while training",
                "success rate",
                [RunReport.Series("rollouts", of: "success", in: policyMetrics)]
            ),
        ]
    }

    private var codebookCurve: RunReport.Curve? {
        let prefix = "accuracy_"
        let books = Set(policyMetrics.flatMap(\.keys)).filter { $0.hasPrefix(prefix) }
            .compactMap { Int($0.dropFirst(prefix.count)) }.sorted()
        return RunReport.Curve(
            "Policy, codes predicted right",
            "fraction",
            books.map { RunReport.Series("codebook \($0 + 1)", of: prefix + "\($0)", in: policyMetrics) }
                + [RunReport.Series("end", of: prefix + "end", in: policyMetrics)]
        )
    }

    /// A metric on the examples that are trained on and on those that are held out.
    private func trainedAndHeldOut(_ key: String, in metrics: [[String: Double]]) -> [RunReport.Series] {
        [
            RunReport.Series("training", of: key, in: metrics),
            RunReport.Series("held out", of: "validation_\(key)", in: metrics),
        ]
    }

    private func row(_ metrics: TokenizerMetrics) -> RunReport.TokenizerRow {
        var row = RunReport.TokenizerRow(name: metrics.tokenizer)
        row.tokensMean = metrics.tokensPerChunk.mean
        row.tokensMax = metrics.tokensPerChunk.max
        row.bitsMean = metrics.bitsPerChunk.mean
        row.compressionRatio = metrics.compressionRatio
        row.l1 = metrics.l1
        row.mse = metrics.mse
        row.vrrMaxAbsolute = metrics.vrr.maxAbsolute.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        func mean(_ key: KeyPath<TokenizerMetrics.CodebookUse, Double>) -> Double {
            metrics.codebooks.map { $0[keyPath: key] }.reduce(0, +) / Double(metrics.codebooks.count)
        }
        row.utilization = mean(\.utilization)
        row.topFrequency = mean(\.topFrequency)
        row.normalizedEntropy = mean(\.normalizedEntropy)
        row.encodeMicroseconds = metrics.encodeMicroseconds.p50
        row.decodeMicroseconds = metrics.decodeMicroseconds.p50
        return row
    }

    private var success: [RunReport.TaskSuccess] {
        (policy?.summary.tasks ?? [:]).sorted { $0.key < $1.key }.map { task, result in
            .init(
                task: task,
                policy: rate(result),
                expert: expert?.summary.tasks[task].map(rate),
                untrained: untrained?.summary.tasks[task].map(rate)
            )
        }
    }

    /// Every group of tasks, and their average.
    private var groupSuccess: [RunReport.TaskSuccess] {
        func rate(_ name: String, _ rollouts: Rollouts?) -> RunReport.Rate? {
            rollouts?.summary.groups?.first { $0.name == name }.map {
                .init($0.success, $0.episodes, $0.interval)
            }
        }
        func average(_ rollouts: Rollouts?) -> RunReport.Rate? {
            guard let summary = rollouts?.summary, let macro = summary.macro else { return nil }
            return .init(
                fraction: macro.success,
                episodes: summary.groups?.map(\.episodes).reduce(0, +) ?? 0,
                low: macro.interval?.low ?? .nan,
                high: macro.interval?.high ?? .nan
            )
        }
        let names = policy?.summary.groups?.map(\.name) ?? []
        let rows = names.map { ($0, rate($0, policy), rate($0, expert), rate($0, untrained)) }
        let all = [("macro average", average(policy), average(expert), average(untrained))]
        return (rows + all).compactMap { name, policy, expert, untrained in
            policy.map { .init(task: name, policy: $0, expert: expert, untrained: untrained) }
        }
    }

    /// The plain episodes, then those of every perturbation.
    private var perturbations: [RunReport.PerturbationSuccess] {
        guard let summary = policy?.summary, let perturbations = summary.perturbations else { return [] }
        let plain = rate(summary.mean)
        return [.init(name: "plain", rate: plain)]
            + perturbations.map { row in
                .init(
                    name: row.name,
                    rate: .init(row.success, row.episodes, row.interval),
                    difference: (
                        row.difference.value, row.difference.interval.low, row.difference.interval.high
                    ),
                    pValue: row.difference.pValue
                )
            }
    }

    private func films(of rollouts: Rollouts) -> [RunReport.Rollout] {
        rollouts.episodes.compactMap { episode in
            let file = rollouts.folder.appending(path: "videos/\(episode.name).mp4")
            return (try? Data(contentsOf: file)).map { mp4 in
                let name = [episode.task, episode.perturbation].compactMap { $0 }.joined(separator: ", ")
                return .init(task: name, seed: episode.seed, success: episode.success, mp4: mp4)
            }
        }
    }

    private func rate(_ summary: TaskSummary) -> RunReport.Rate {
        .init(summary.success, summary.episodes, summary.interval)
    }
}

extension RunReport.Rate {
    /// A rate as evaluations have it.
    fileprivate init(_ fraction: Double, _ episodes: Int, _ interval: ConfidenceInterval) {
        self.init(fraction: fraction, episodes: episodes, low: interval.low, high: interval.high)
    }
}

extension RunReport.Curve {
    /// Draws `series` over the steps; nil where none of them has a point.
    fileprivate init?(
        _ title: String,
        _ unit: String,
        logarithmic: Bool = false,
        _ series: [RunReport.Series]
    ) {
        let measured = series.filter { !$0.points.isEmpty }
        guard !measured.isEmpty else { return nil }
        self.init(
            title: title,
            xLabel: "step",
            yLabel: unit,
            logarithmic: logarithmic,
            series: measured
        )
    }
}

extension RunReport.Series {
    /// The values of `key` in `metrics`, over the steps.
    fileprivate init(_ name: String, of key: String, in metrics: [[String: Double]]) {
        self.init(
            name: name,
            points: metrics.compactMap { line in line[key].map { (x: line["step"] ?? 0, y: $0) } }
        )
    }
}
