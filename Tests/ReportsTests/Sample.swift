import Foundation
import Reports

/// A report with every part filled, of made-up values that look like a run's.
func sampleReport(film: Data = Data([0, 0, 0, 8])) -> RunReport {
    var report = RunReport(title: "FASTer on MetaWorld: ten tasks, one policy")
    report.subtitle = "Tokenizer and policy trained from 500 demonstrations, proved in closed loop."
    report.keyFigures = [
        .init(label: "Success, ten tasks", value: "83 %", note: "95 % interval 76–88, n = 150"),
        .init(label: "Tokens a chunk", value: "24", note: "FAST: 61.3 on average"),
        .init(label: "Latency, median", value: "41 ms", note: "p99 63 ms, 2 cores"),
        .init(label: "Whole run", value: "2 h 14 min"),
    ]
    report.curves = sampleCurves()
    report.tokenizers = sampleTokenizers()
    report.overlays = ["best", "median", "worst"].enumerated().map {
        sampleOverlay($1, noise: 0.01 * Double(1 + 10 * $0))
    }
    report.codebookUse = (0 ..< 3).map { level in
        let raw = (0 ..< 512).map { exp(-Double($0) / Double(60 + 90 * level)) }
        let sum = raw.reduce(0, +)
        return .init(name: "level \(level)", sortedFrequencies: raw.map { $0 / sum })
    }
    report.success = sampleSuccess()
    report.groupSuccess = Array(sampleSuccess().prefix(2))
    report.perturbations = [
        .init(name: "plain", rate: .init(fraction: 0.8, episodes: 150, low: 0.73, high: 0.86)),
        .init(
            name: "light",
            rate: .init(fraction: 0.7, episodes: 150, low: 0.62, high: 0.77),
            difference: (-0.1, -0.16, -0.04),
            pValue: 0.002
        ),
    ]
    report.latencies = sampleLatencies()
    report.stages = [
        .init(name: "prefix", count: 900, median: 21, slow: 34),
        .init(name: "block 1", count: 900, median: 8.5, slow: 12),
        .init(name: "block 2", count: 640, median: 8, slow: 11),
        .init(name: "detokenize", count: 900, median: 0.4, slow: 0.9),
    ]
    report.rollouts = [("reach-v3", true), ("door-open-v3", true), ("pick-place-v3", false)].enumerated().map
    {
        .init(task: $1.0, seed: 40 + $0, success: $1.1, mp4: film)
    }
    report.facts = [
        ("seed", "7"), ("cores", "2"), ("faster", "0.1.0"), ("libtorch", "2.13.0"), ("MuJoCo", "3.3.4"),
        ("tokenizer training", "12 min 4 s"), ("policy training", "1 h 31 min"), ("evaluation", "31 min"),
    ]
    report.commands = [
        "faster tokenizer train --recipe Recipes/metaworld-tokenizer.yaml --seed 7",
        "faster policy train --recipe Recipes/metaworld-policy.yaml --tokenizer runs/tokenizer --seed 7",
        "faster evaluate --policy runs/policy --tasks mt10 --episodes 15",
    ]
    return report
}

private func wave(_ step: Int, _ period: Double) -> Double {
    sin(Double(step) * 2 * .pi / period)
}

private func sampleLatencies() -> [Double] {
    let usual = (0 ..< 900).map { step in
        let jitter = Double((step * 7919) % 97) / 9
        return 38 + 4 * wave(step, 7) + jitter
    }
    return usual + [88, 141, 260]
}

private func sampleCurves() -> [RunReport.Curve] {
    let steps = 0 ..< 2000
    func decay(_ scale: Double, _ floor: Double, _ noise: Double) -> [(x: Double, y: Double)] {
        steps.map { step in
            let jitter = 1 + noise * (wave(step, 3.7) + wave(step, 11.3) * wave(step, 5.1))
            return (Double(step * 10), (scale * exp(-Double(step) / 260) + floor) * jitter)
        }
    }
    let validation = stride(from: 0, to: 2000, by: 100).map { step in
        let loss: Double = 4 * exp(-Double(step) / 260) + 0.6
        return (x: Double(step * 10), y: loss)
    }
    return [
        .init(
            title: "Policy loss",
            xLabel: "step",
            yLabel: "cross entropy, nats a token",
            series: [
                .init(name: "training", points: decay(4, 0.5, 0.06)),
                .init(name: "validation", points: validation),
            ]
        ),
        .init(
            title: "Tokenizer reconstruction",
            xLabel: "step",
            yLabel: "mean squared error",
            logarithmic: true,
            series: [
                .init(name: "training", points: decay(0.8, 0.002, 0.2)),
                .init(name: "commitment", points: decay(0.05, 0.0004, 0.3)),
            ]
        ),
        .init(
            title: "Learning rate",
            xLabel: "step",
            yLabel: "learning rate",
            series: [
                .init(
                    name: "rate",
                    points: steps.map { (Double($0 * 10), 3e-4 * (0.5 + 0.5 * cos(Double($0) / 2000 * .pi))) }
                )
            ]
        ),
    ]
}

private func sampleTokenizers() -> [RunReport.TokenizerRow] {
    let rows: [(String, [Double])] = [
        ("FASTerVQ", [24, 24, 216, 11.67, 0.0121, 0.00042, 0.94, 0.021, 0.88, 1840, 1610]),
        ("FAST", [61.3, 104, 613, 4.57, 0.0094, 0.00031, .nan, 0.11, 0.62, 210, 95]),
        ("binning", [280, 280, 2240, 1, 0.0039, 0.00002, 0.99, 0.052, 0.81, 31, 28]),
    ]
    return rows.enumerated().map { index, row in
        var result = RunReport.TokenizerRow(name: row.0)
        (result.tokensMean, result.tokensMax, result.bitsMean) = (row.1[0], row.1[1], row.1[2])
        (result.compressionRatio, result.l1, result.mse) = (row.1[3], row.1[4], row.1[5])
        (result.utilization, result.topFrequency, result.normalizedEntropy) = (row.1[6], row.1[7], row.1[8])
        (result.encodeMicroseconds, result.decodeMicroseconds) = (row.1[9], row.1[10])
        result.vrrMaxAbsolute = ["0.01", "0.02", "0.05", "0.1", "0.2"].enumerated().map {
            ($1, min(1, 0.2 + 0.2 * Double($0) + 0.08 * Double(index)))
        }
        return result
    }
}

private func sampleOverlay(_ title: String, noise: Double) -> RunReport.Overlay {
    let columns = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]
    let original = columns.indices.map { column in
        (0 ..< 40).map { step in
            column == 6 ? (step < 22 ? -1 : 1) : wave(step + 5 * column, 34 + Double(column))
        }
    }
    let reconstructed = original.map { values in values.enumerated().map { $1 + noise * wave($0, 4.3) } }
    return .init(title: title, columns: columns, original: original, reconstructed: reconstructed)
}

private func sampleSuccess() -> [RunReport.TaskSuccess] {
    let tasks: [(String, Double)] = [
        ("reach-v3", 1), ("push-v3", 0.733), ("pick-place-v3", 0.467), ("door-open-v3", 0.933),
        ("drawer-close-v3", 1), ("button-press-topdown-v3", 0.867), ("peg-insert-side-v3", 0.4),
        ("window-open-v3", 0.933),
    ]
    return tasks.map { task, success in
        .init(
            task: task,
            policy: .init(
                fraction: success,
                episodes: 15,
                low: max(0, success - 0.24),
                high: min(1, success + 0.13)
            ),
            expert: .init(fraction: 1, episodes: 15, low: 0.796, high: 1),
            untrained: .init(fraction: 0.067, episodes: 15, low: 0.012, high: 0.298)
        )
    }
}
