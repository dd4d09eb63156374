internal import NN
internal import Torch

// Axes in this file
//   B  batch      K  keypoints      C  channels of a feature map      n  its cells

/// Where in a picture the things are that the instruction is about: one token a keypoint, with its exact place.
///
/// A token of 16 x 16 pixels has to learn every place inside it by itself. A keypoint is the mean place of what looks
/// alike, a spatial softmax, so a place that no demonstration had is read off like one that some had (arXiv 1504.00702).
struct Keypoints: Module {
    /// Waves by which a place is told to the transformer.
    private static let waveCount = 5

    private let norm: LayerNorm
    /// What is looked for, `[K, C]`, and what an instruction changes about it.
    @Parameter private var queries: Tensor
    private let asked: Linear
    private let token: Linear
    private let names: Embedding
    /// Of every cell's centre, -1 to 1, right and down: `[n, 2]`.
    @Buffer private var places: Tensor
    private let count: Int

    /// Looks for `count` keypoints in maps of `rows` x `columns` cells of `channels`, giving tokens of `width`.
    init(count: Int, rows: Int, columns: Int, channels: Int, width: Int, device: Device) {
        self.count = count
        norm = LayerNorm(channels, device: device)
        // Large, so that keypoints look at something from the first step on; the mean of a picture teaches little.
        _queries = Parameter(wrappedValue: Tensor.randn([count, channels]).to(device) * 1.5)
        asked = Linear(width, count * channels, gain: 1.5, device: device)
        token = Linear(channels + 4 * Self.waveCount, width, device: device)
        names = Embedding(count, width, standardDeviation: 0.5, device: device)
        let right = Octaves.centres(of: columns, device: device).unsqueezed(0).expanded([rows, columns])
        let down = Octaves.centres(of: rows, device: device).unsqueezed(1).expanded([rows, columns])
        _places = Buffer(wrappedValue: Tensor.stacked([right, down], axis: 2).reshaped(rows * columns, 2))
    }

    /// What was found in a picture.
    struct Found {
        /// A token each, `[B, K, width]`.
        let tokens: Tensor

        /// How much of it each cell of the map is, `[B, K, n]`; a keypoint's cells add up to 1.
        let shares: Tensor

        /// Where each is, -1 to 1, right and down: float32 `[B, K, 2]`.
        let places: Tensor

        /// What each looks like, `[B, K, C]`.
        let features: Tensor
    }

    /// Looks for keypoints in a map, `[B, n, C]`, by what the instruction comes to, `[B, width]`.
    func callAsFunction(_ map: Tensor, instruction: Tensor) -> Found {
        let (batch, channels) = (map.size(0), map.size(2))
        let cells = norm(map)
        let wanted = queries + asked(instruction).reshaped(batch, count, channels)
        let scores = wanted.matmul(cells.transposed(1, 2)) * (1 / Double(channels).squareRoot())
        let weights = scores.to(.float32).softmax(2)
        let features = weights.matmul(cells)
        // In float32: eight bits would place a keypoint to a pixel and no better. Autocast takes products of matrices to
        // bfloat16, whatever comes in, and leaves others alone.
        let found = (weights.unsqueezed(3) * places).sum(2)
        let waves = Octaves.channels(of: found, count: Self.waveCount)
        let described = Tensor.concatenated([features.to(.float32), waves], axis: 2)
        return Found(
            tokens: token(described) + names.weight,
            shares: weights,
            places: found,
            features: features
        )
    }
}
