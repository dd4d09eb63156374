/// How far off a chunk may be that comes back from a list of codes, in normalised units.
public enum ErrorLimit: Sendable, Equatable {
    /// The largest absolute error of any of its values.
    case largest(Double)

    /// The mean absolute error of its values.
    case mean(Double)

    /// The limit itself.
    public var value: Double {
        switch self {
        case .largest(let value), .mean(let value): value
        }
    }

    /// As a tokenizer's setting: `tolerance=0.05`, or `mean=0.01`.
    public var setting: String {
        switch self {
        case .largest(let value): "tolerance=\(value)"
        case .mean(let value): "mean=\(value)"
        }
    }

    /// What the limit holds for, of every chunk.
    public func errors(_ errors: ReconstructionErrors) -> [Double] {
        switch self {
        case .largest: errors.peaks
        case .mean: errors.chunkL1
        }
    }
}
