internal import ActionTokenizers
public import RobotTypes
public import Torch

/// One robot as a network sees it: how its chunks are cut, and between which values its actions lie.
///
/// The network's weights know kinds of motion; this is all that they are told about a robot.
public struct Embodiment: Sendable {
    /// How chunks are cut.
    public let patchifier: ActionPatchifier

    /// Smallest normalised action of every column, `[D]`.
    let lowest: Tensor

    /// Largest normalised action of every column, `[D]`.
    let largest: Tensor

    /// The columns that pass through the network, int64; nil for all.
    let learnedColumns: Tensor?

    /// The orthonormal DCT along time, `[T, T]`.
    let cosines: Tensor

    /// Describes a robot.
    ///
    /// - Parameters:
    ///   - patchifier: How its chunks are cut.
    ///   - normalization: Holds the smallest and largest action of the recordings.
    ///   - device: Where the network computes.
    public init(patchifier: ActionPatchifier, normalization: Normalization, device: Device) {
        self.patchifier = patchifier
        let (low, high) = (
            normalization.normalized(normalization.statistics.min),
            normalization.normalized(normalization.statistics.max)
        )
        lowest = Tensor(low, shape: [low.count], device: device)
        largest = Tensor(high, shape: [high.count], device: device)
        let columns = patchifier.learned.flatMap { Array($0.columns) }
        learnedColumns = columns.count < low.count ? Tensor(columns, device: device) : nil
        let horizon = patchifier.horizon
        cosines = Tensor(
            DiscreteCosineTransform(length: horizon).matrix,
            shape: [horizon, horizon],
            device: device
        )
    }

    /// `actions`, `[B, T, columns]`, moved between the smallest and the largest that were recorded.
    func clipped(_ actions: Tensor, _ columns: Columns) -> Tensor {
        Self.clamp(.tensor(actions), .tensor(columns.of(lowest)), .tensor(columns.of(largest)))
    }

    /// The columns of `x`, `[..., D]`, that pass through the network.
    func learned(_ x: Tensor) -> Tensor { Columns.learned(learnedColumns).of(x) }

    /// Some columns of an action.
    enum Columns {
        /// Neighbours.
        case range(Range<Int>)
        /// Those at int64 indices; nil for all.
        case learned(Tensor?)

        /// These columns of `x`, `[..., D]`.
        func of(_ x: Tensor) -> Tensor {
            switch self {
            case .range(let range): x.narrowed(x.rank - 1, from: range.lowerBound, count: range.count)
            case .learned(nil): x
            case .learned(let columns?): x.gathering(columns, axis: x.rank - 1)
            }
        }
    }

    private static let clamp = Operator("aten::clamp", "Tensor")
}
