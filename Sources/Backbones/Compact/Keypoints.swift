package import NN
package import Torch

// Axes in this file
//   B  batch      K  keypoints      C  channels of a feature map      n  its cells

/// Positions of the objects that an instruction is about, in one camera's image: a token each (spatial softmax,
/// arXiv 1504.00702).
///
/// A token of 16 x 16 pixels has to learn every position inside it by itself. A keypoint is the mean position under a
/// softmax over cells, so a position between those of the demonstrations is read off in the same way.
package struct Keypoints: Module {
    /// Frequencies of the positions' Fourier features.
    package static let frequencyCount = 5

    package let norm: LayerNorm
    /// `[K, C]`.
    @Parameter package var queries: Tensor
    /// Part of the queries that depends on the instruction.
    package let instructionQueries: Linear
    package let projection: Linear
    /// Learned embedding of every keypoint.
    package let embedding: Embedding
    /// Centre of every cell, -1 to 1, right and down: `[n, 2]`.
    @Buffer package var cellCentres: Tensor
    private let count: Int

    /// Creates `count` keypoints for maps of `rows` x `columns` cells of `channels`, as tokens of `width`.
    init(count: Int, rows: Int, columns: Int, channels: Int, width: Int, device: Device) {
        self.count = count
        norm = LayerNorm(channels, device: device)
        // Large, so that keypoints look at something from the first step on; the mean of an image teaches little.
        _queries = Parameter(wrappedValue: Tensor.randn([count, channels]).to(device) * 1.5)
        instructionQueries = Linear(width, count * channels, gain: 1.5, device: device)
        projection = Linear(channels + 4 * Self.frequencyCount, width, device: device)
        embedding = Embedding(count, width, standardDeviation: 0.5, device: device)
        let right = FourierFeatures.centres(of: columns, device: device).unsqueezed(0)
            .expanded([rows, columns])
        let down = FourierFeatures.centres(of: rows, device: device).unsqueezed(1).expanded([rows, columns])
        _cellCentres = Buffer(
            wrappedValue: Tensor.stacked([right, down], axis: 2).reshaped(rows * columns, 2)
        )
    }

    /// Keypoints of one camera's images.
    struct Output {
        /// `[B, K, width]`.
        let tokens: Tensor

        /// Softmax over the map's cells, float32 `[B, K, n]`.
        let heatmaps: Tensor

        /// Mean position under the heatmap, -1 to 1, right and down: float32 `[B, K, 2]`.
        let positions: Tensor

        /// Mean features under the heatmap, `[B, K, C]`.
        let features: Tensor
    }

    /// Keypoints in a map, `[B, n, C]`, for an instruction embedding, `[B, width]`.
    func callAsFunction(_ map: Tensor, instruction: Tensor) -> Output {
        let (batch, channels) = (map.size(0), map.size(2))
        let cells = norm(map)
        let asked = queries + instructionQueries(instruction).reshaped(batch, count, channels)
        let scores = asked.matmul(cells.transposed(1, 2)) * (1 / Double(channels).squareRoot())
        let heatmaps = scores.to(.float32).softmax(2)
        let features = heatmaps.matmul(cells)
        // In float32: bfloat16's eight bits would locate a keypoint to a pixel and no better. Autocast turns matrix products
        // into bfloat16 whatever comes in, and leaves other products alone.
        let positions = (heatmaps.unsqueezed(3) * cellCentres).sum(2)
        let fourier = FourierFeatures.features(of: positions, count: Self.frequencyCount)
        let described = Tensor.concatenated([features.to(.float32), fourier], axis: 2)
        return Output(
            tokens: projection(described) + embedding.weight,
            heatmaps: heatmaps,
            positions: positions,
            features: features
        )
    }
}
