internal import Backbones
internal import Torch

/// A second task for the backbone where recordings say where things are: to tell it from what it sees.
struct EnvironmentTask: Codable, Equatable, Sendable {
    /// The error's share in the loss, beside that of the actions; 0 does without the task and what it teaches.
    var weight = 0.0

    /// Share, within that error, of how little of a thing's keypoint lies where the thing is in the picture.
    var places = 0.05

    /// Which columns of the dataset's `observation.environment_state` are to be told; all but places where empty.
    var columns: [Int] = []

    /// How far off a backbone is: a scalar.
    ///
    /// The first keypoints of a camera are to look at the things whose places in its picture are known: of a thing that
    /// covers one cell of hundreds, the values' error says too little about where to look.
    func loss(of sight: Sight, against truth: EnvironmentTruth) -> Tensor {
        let error = (sight.environmentState - truth.values).abs().mean()
        let missed = zip(sight.shares, truth.cells).compactMap { shares, cells -> Tensor? in
            guard let cells, places > 0 else { return nil }
            let count = min(shares.size(1), cells.size(1))
            let looked = shares.narrowed(1, from: 0, count: count)
            let wanted = cells.narrowed(1, from: 0, count: count)
            return (wanted * (looked + 1e-6).log()).sum(2).mean() * -1.0
        }
        return missed.reduce(error) { $0 + $1 * places }
    }
}

/// Where the things are at a batch of instants.
struct EnvironmentTruth {
    /// Normalised `[B, M]`.
    let values: Tensor

    /// Of every camera: how much of each thing lies in every cell of its map, `[B, things, cells]`; nil where unknown.
    let cells: [Tensor?]
}
