internal import ActionTokenizers
internal import RobotTypes
internal import Torch

/// Random augmented chunks of a robot, for a fit.
struct FittingChunks {
    /// Largest number of values of a sample.
    private static let largestSize = 40_000_000

    /// Largest number of held-out chunks that errors are measured on.
    private static let heldOutSize = 4096

    /// Every fifth episode is held out.
    private static let folds = 5

    /// Indices of all chunks.
    let all: [Int]

    /// Indices of the chunks of the episodes that are not held out.
    let training: [Int]

    /// Indices of chunks of held-out episodes.
    let heldOut: [Int]

    private let chunks: Tensor
    private let lower: Tensor
    private let upper: Tensor

    /// Samples of `chunks`, which are normalised, within the recorded range.
    init(_ chunks: ActionChunks, _ normalization: Normalization, device: Device) {
        let (lower, upper) = (normalization.lowerBounds, normalization.upperBounds)
        self.lower = Tensor(lower, shape: [lower.count], device: device)
        self.upper = Tensor(upper, shape: [upper.count], device: device)
        self.chunks = chunks.actions(on: device).clamped(from: self.lower, to: self.upper)
        all = Array(0 ..< chunks.count)
        // The last chunk of an episode holds one valid step.
        var episode = 0
        let episodes = chunks.validSteps.map { valid in
            defer { if valid == 1 { episode += 1 } }
            return episode
        }
        let fold = min(Self.folds, (episodes.last ?? 0) + 1)
        let isHeldOut: (Int) -> Bool =
            fold > 1
            ? { episodes[$0] % fold == fold - 1 }
            : { [count = chunks.count] in $0 >= count - max(1, count / 5) }
        training = all.count > 1 ? all.filter { !isHeldOut($0) } : all
        let others = all.filter(isHeldOut)
        heldOut = stride(from: 0, to: others.count, by: others.count / Self.heldOutSize + 1).map {
            others[$0]
        }
    }

    /// The chunks at `indices` as recorded, `[indices, T, D]`.
    func recorded(_ indices: [Int]) -> Tensor {
        chunks.gathering(Tensor(indices, device: chunks.device), axis: 0)
    }

    /// `count` chunks made of those at `indices`, `[count, T, D]`, by libtorch's generator; fewer if they are large.
    func samples(_ augmentation: ChunkAugmentation, of indices: [Int], count: Int) -> Tensor {
        let dimension = chunks.size(2)
        let count = min(count, max(1, Self.largestSize / (chunks.size(1) * dimension)))
        let pool = Tensor(indices)
        func random() -> Tensor {
            let picks = pool.gathering(.randint(0 ..< indices.count, [count]), axis: 0)
            return chunks.gathering(picks.to(chunks.device), axis: 0)
        }
        let weights = augmentation.weights(count: count, dimension: dimension)
        let mixed = random() + (random() - random()) * weights.to(chunks.device)
        return mixed.clamped(from: lower, to: upper)
    }
}
