public import ActionTokenizers
internal import CPUInference
public import FASTerVQ
internal import RobotTypes
public import Support
public import Torch

/// Tokenizers that are fitted to a dataset in one pass, without training.
public enum FittedTokenizer: String, NamedChoice {
    /// FASTerVQ with a linear encoder: residual codebooks of principal components.
    case linearFASTerVQ = "fastervq-linear"
    /// FAST: DCT and byte-pair encoding.
    case fast
    /// BEAST: B-splines.
    case beast
    /// Bins between the 1 % and 99 % quantiles of every column.
    case binning
    /// Bins between the smallest and the largest value of every column.
    case uniformBinning = "binning-uniform"

    /// Settings of the fit; the keys are those of a ``TokenizerSpecification``.
    public struct Settings: Equatable, Sendable, Validatable {
        /// Latent positions, codebooks and seed, for FASTerVQ with a linear encoder.
        public var linear = LinearFASTerVQ.Fitting()

        /// Number of rounding steps in a unit, for FAST.
        public var scale = 10.0

        /// Number of tokens, for FAST.
        public var vocabulary = 1024

        /// Number of control points of a column, for BEAST.
        public var controlPoints = 5

        /// Fraction of control points that may lie beyond either bound of the bins, for BEAST.
        public var outside = 0.01

        /// The defaults.
        public init() {}

        /// Checks every setting.
        ///
        /// - Throws: `InvalidValue` for the first one that is out of range.
        public func validate() throws(InvalidValue) {
            try linear.validate()
            try Validation.require(["scale": scale], above: 0)
            try Validation.require(["vocabulary": vocabulary], in: 1 ... 1 << 20)
            try Validation.require(["control-points": controlPoints], in: 1 ... 256)
            try Validation.require(["outside": outside], in: 0 ..< 0.5)
        }
    }
}

extension FittedTokenizer.Settings {
    /// Sets one value by its key.
    ///
    /// - Throws: `InvalidValue` when there is no such key, or no such value.
    public mutating func set(_ key: String, to value: String) throws(InvalidValue) {
        func number<Number: LosslessStringConvertible>(_: Number.Type) throws(InvalidValue) -> Number {
            if let number = Number(value) { return number }
            throw InvalidValue(key, expected: "a number", found: value)
        }
        switch key {
        case "positions": linear.latentPositions = try number(Int.self)
        case "codebooks": linear.codebookCount = try number(Int.self)
        case "entries": linear.codebookSize = try number(Int.self)
        case "seed": linear.seed = try number(UInt64.self)
        case "scale": scale = try number(Double.self)
        case "vocabulary": vocabulary = try number(Int.self)
        case "control-points": controlPoints = try number(Int.self)
        case "outside": outside = try number(Double.self)
        default:
            let keys = [
                "positions", "codebooks", "entries", "seed", "scale", "vocabulary", "control-points",
                "outside",
            ]
            throw InvalidValue(
                "\(key)=\(value)",
                expected: "one of the settings \(keys.joined(separator: ", "))",
                found: key
            )
        }
        try validate()
    }
}

extension FittedTokenizer {
    /// Fits the tokenizer to a dataset's actions.
    ///
    /// - Parameters:
    ///   - actions: The actions.
    ///   - horizon: Number of control steps of a chunk.
    ///   - settings: Settings of the fit.
    ///   - processes: Processes that fit the same tokenizer together, FASTerVQ's; nil for one.
    ///   - report: Called with the number of codebooks that are done and of all, for tokenizers that take more than a moment.
    /// - Returns: The fitted tokenizer.
    /// - Throws: `ActionTokenizerError` when there are no chunks, `InvalidValue` when a setting is out of range, `ProcessGroupError` when
    ///   a process is gone, and the errors of the dataset.
    public func fit(
        to actions: RobotActions,
        horizon: Int,
        _ settings: Settings = Settings(),
        processes: ProcessGroup? = nil,
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) throws -> any ActionTokenizer {
        try settings.validate()
        let normalization = try actions.normalization(horizon: horizon)
        switch self {
        case .linearFASTerVQ:
            let chunks = try actions.normalizedChunks(horizon: horizon)
            return try withProcesses(processes) {
                try LinearFASTerVQTokenizer(
                    fitting: chunks,
                    of: actions.actionSpace,
                    normalization: normalization,
                    settings.linear,
                    codec: PackedLinearChunkCodec.self,
                    share: processes.map { BatchShare(rank: $0.rank, of: $0.size) },
                    report: report
                )
            }
        case .fast:
            return try FASTTokenizer(
                fitting: actions.normalizedChunks(horizon: horizon),
                normalization: normalization,
                scale: Float(settings.scale),
                vocabularySize: settings.vocabulary
            )
        case .beast:
            return try BEASTTokenizer(
                fitting: actions.normalizedChunks(horizon: horizon),
                normalization: normalization,
                controlPoints: settings.controlPoints,
                outside: settings.outside
            )
        case .binning, .uniformBinning:
            return BinningTokenizer(
                horizon: horizon,
                normalization: normalization,
                bounds: self == .binning ? .quantiles : .range
            )
        }
    }
}
