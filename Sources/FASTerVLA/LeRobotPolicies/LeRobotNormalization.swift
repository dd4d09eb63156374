internal import Backbones
internal import Foundation
internal import Safetensors

/// Map between a feature's units and a policy's, as LeRobot's `NormalizerProcessorStep` computes it, in single precision.
///
/// It differs from ``RobotTypes/Normalization`` in columns that hardly move, so that a checkpoint needs LeRobot's own.
struct LeRobotNormalization: Equatable {
    /// LeRobot's `NormalizationMode`.
    enum Mode: String, CaseIterable {
        /// Values stay as they are.
        case identity = "IDENTITY"
        /// Zero mean and unit standard deviation.
        case meanStandardDeviation = "MEAN_STD"
        /// Smallest and largest value to -1 and 1.
        case extremes = "MIN_MAX"
        /// 1 % and 99 % quantiles to -1 and 1.
        case quantiles = "QUANTILES"
        /// 10 % and 90 % quantiles to -1 and 1.
        case innerQuantiles = "QUANTILE10"

        /// Names of its two statistics; nil for none.
        var statistics: (first: String, second: String)? {
            switch self {
            case .identity: nil
            case .meanStandardDeviation: ("mean", "std")
            case .extremes: ("min", "max")
            case .quantiles: ("q01", "q99")
            case .innerQuantiles: ("q10", "q90")
            }
        }
    }

    /// The map's kind.
    var mode: Mode

    /// Mean or lower bound of every column; empty for ``Mode/identity``.
    var first: [Float] = []

    /// Standard deviation or upper bound of every column.
    var second: [Float] = []

    /// Added to deviations, and the width of a range that has none.
    var epsilon: Float = 1e-8

    /// One row in the feature's units, mapped to the policy's.
    func normalized(_ row: [Float]) -> [Float] {
        switch mode {
        case .identity: row
        case .meanStandardDeviation: mapped(row) { ($0 - $1) / ($2 + epsilon) }
        case .extremes, .quantiles, .innerQuantiles: mapped(row) { 2 * ($0 - $1) / width($1, $2) - 1 }
        }
    }

    /// Rows of the policy, `[n, columns]`, mapped to the feature's units.
    func restored(_ rows: [Float]) -> [Float] {
        switch mode {
        case .identity: rows
        case .meanStandardDeviation: mapped(rows) { $0 * $2 + $1 }
        case .extremes: mapped(rows) { ($0 + 1) / 2 * width($1, $2) + $1 }
        case .quantiles, .innerQuantiles: mapped(rows) { ($0 + 1) * width($1, $2) / 2 + $1 }
        }
    }

    private func width(_ lower: Float, _ upper: Float) -> Float { upper == lower ? epsilon : upper - lower }

    private func mapped(_ rows: [Float], _ body: (Float, Float, Float) -> Float) -> [Float] {
        rows.enumerated().map { index, value in
            body(value, first[index % first.count], second[index % second.count])
        }
    }
}

extension LeRobotNormalization {
    /// Reads the map of `feature` from a step of a processor and its file of statistics.
    ///
    /// - Parameters:
    ///   - step: The step's `config`.
    ///   - feature: Name of the feature, for example `observation.state`.
    ///   - type: Its type, `STATE` or `ACTION`.
    ///   - columns: Number of its columns.
    ///   - statistics: The step's file; nil where it names none.
    /// - Throws: `PretrainedError` that names the field, or the statistic that is missing; LeRobot leaves such a feature as
    ///   it is, without a word.
    init(
        _ step: PublishedConfiguration,
        feature: String,
        type: String,
        columns: Int,
        statistics: URL?
    ) throws {
        guard let modes = try step.object("norm_map") else {
            throw step.error("norm_map", expected: "an object", found: "nothing")
        }
        let name = try modes.text(type) ?? Mode.identity.rawValue
        guard let mode = Mode(rawValue: name) else {
            let known = Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw modes.error(type, expected: "one of \(known)", found: "'\(name)'")
        }
        self.init(mode: mode)
        epsilon = Float(try step.number("eps", default: 1e-8))
        guard let names = mode.statistics else { return }
        guard try step.object("features")?.has(feature) == true else {
            throw step.error("features", expected: "to have '\(feature)'", found: "none of that name")
        }
        guard let statistics else {
            throw step.error("norm_map", expected: "with a 'state_file' of statistics", found: "none")
        }
        let file = try SafetensorsFile(reading: statistics)
        (first, second) = (
            try Self.row("\(feature).\(names.first)", columns, file, statistics),
            try Self.row("\(feature).\(names.second)", columns, file, statistics)
        )
    }

    private static func row(_ name: String, _ columns: Int, _ file: SafetensorsFile, _ url: URL) throws
        -> [Float]
    {
        guard let entry = file.entries[name] else {
            throw PretrainedError(file: url.path, reason: "lacks the statistic '\(name)'")
        }
        guard entry.dtype == "F32", entry.shape == [columns] else {
            throw PretrainedError(
                file: url.path,
                reason: "'\(name)' should be F32[\(columns)], found \(entry.dtype)\(entry.shape)"
            )
        }
        let values = try file.withBytes(of: name) { bytes in
            (0 ..< columns).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        guard values.allSatisfy(\.isFinite) else {
            throw PretrainedError(file: url.path, reason: "'\(name)' holds numbers that are not finite")
        }
        return values
    }
}
