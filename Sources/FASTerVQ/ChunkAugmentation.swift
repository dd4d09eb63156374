public import Support
public import Torch

/// Augmentation of chunks: the difference between two others is added to most.
///
/// Held-out motion lies between and beyond what was recorded. Differences between chunks span the directions in which the
/// robot's motion varies, so chunks with them lie there, too (mixup, arXiv 1710.09412, with a third chunk).
public enum ChunkAugmentation: String, NamedChoice {
    /// Chunks as recorded: where there are so many that held-out ones are like them.
    case none

    /// Half of the differences have one weight for all columns, from 0 to 0.5, half a weight for each column, from -1 to 1: joints that
    /// move together mostly keep doing so.
    case mostlyJoint = "mostly-joint"

    /// Every column of a difference has a weight of its own, from -2 to 2: where the episodes are too few to show which joints
    /// move together.
    case columnwise

    /// Fraction of chunks that a difference is added to.
    private var fraction: Double { self == .none ? 0 : 0.7 }

    /// Fraction of differences that have one weight for all columns.
    private var jointFraction: Double { self == .columnwise ? 0 : 0.5 }

    /// Largest weight of a column that has its own.
    private var columnWeight: Double { self == .columnwise ? 2 : 1 }

    /// Largest weight that all columns share.
    private static let jointWeight = 0.5

    /// Random weights of differences, 0 for chunks that stay as they are, by libtorch's generator.
    ///
    /// - Parameters:
    ///   - count: Number of chunks.
    ///   - dimension: Number of columns.
    /// - Returns: `[count, 1, dimension]`, on the CPU.
    public func weights(count: Int, dimension: Int) -> Tensor {
        func isDrawn(_ probability: Double) -> Tensor {
            Tensor.rand([count, 1, 1]).less(probability).to(.float32)
        }
        let joint = Tensor.rand([count, 1, 1]) * Self.jointWeight
        let columns = (Tensor.rand([count, 1, dimension]) * 2 - 1) * columnWeight
        return (columns + (joint - columns) * isDrawn(jointFraction)) * isDrawn(fraction)
    }
}
