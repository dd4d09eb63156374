package import NN
package import Torch

/// Embedding of one group type's patches: a convolution along time for local smoothness, and a projection.
package struct PatchEmbedding: Module {
    package let convolution: Conv1d
    package let projection: Linear
    /// The linear skip connection; nil without one.
    package let skip: Linear?
    package let shape: PatchShape

    init(_ shape: PatchShape, _ configuration: ActionAutoencoder.Configuration, device: Device) {
        convolution = Conv1d(
            shape.columns,
            configuration.stepWidth,
            kernel: configuration.kernel,
            padding: configuration.kernel / 2,
            device: device
        )
        projection = Linear(
            shape.steps * (configuration.stepWidth + shape.columns),
            configuration.width,
            device: device
        )
        skip = configuration.linearSkip ? LinearSkip.toLatent(shape, configuration, device: device) : nil
        self.shape = shape
    }

    /// Embeds the patches of a group.
    ///
    /// - Parameter patches: `[B, P, steps · columns]`.
    /// - Returns: Vectors, `[B, P, width]`, and the skip connection's part of the latents, `[B, P, latentWidth]`.
    func callAsFunction(_ patches: Tensor) -> (vectors: Tensor, skip: Tensor?) {
        let (count, patchCount) = (patches.size(0), patches.size(1))
        let steps = patches.reshaped(count, patchCount * shape.steps, shape.columns)
        let smooth = convolution(steps.transposed(1, 2)).gelu().transposed(1, 2)
        let both = Tensor.concatenated([steps, smooth], axis: 2).reshaped(count, patchCount, -1)
        return (projection(both), skip.map { $0(patches) })
    }
}

/// The reverse of ``PatchEmbedding``: vectors of one group type's patches to values.
package struct PatchUnembedding: Module {
    package let projection: Linear
    package let convolution: Conv1d
    /// The linear skip connection; nil without one.
    package let skip: Linear?
    package let shape: PatchShape

    init(_ shape: PatchShape, _ configuration: ActionAutoencoder.Configuration, device: Device) {
        projection = Linear(
            configuration.width,
            shape.steps * (configuration.stepWidth + shape.columns),
            gain: configuration.branchGain,
            device: device
        )
        convolution = Conv1d(
            configuration.stepWidth,
            shape.columns,
            kernel: configuration.kernel,
            padding: configuration.kernel / 2,
            device: device
        )
        skip = configuration.linearSkip ? LinearSkip.fromLatent(shape, configuration, device: device) : nil
        self.shape = shape
    }

    /// Values of the patches of a group.
    ///
    /// - Parameters:
    ///   - vectors: `[B, P, width]`.
    ///   - latents: `[B, P, latentWidth]`, for the skip connection.
    /// - Returns: `[B, P, steps · columns]`.
    func callAsFunction(_ vectors: Tensor, latents: Tensor) -> Tensor {
        let (count, patchCount) = (vectors.size(0), vectors.size(1))
        let steps = projection(vectors).reshaped(count, patchCount * shape.steps, -1)
        let values = steps.narrowed(2, from: 0, count: shape.columns)
        let hidden = steps.narrowed(2, from: shape.columns, count: steps.size(2) - shape.columns)
        let smooth = convolution(hidden.transposed(1, 2).contiguous().gelu()).transposed(1, 2)
        let patches = (values + smooth).reshaped(count, patchCount, shape.valueCount)
        return skip.map { patches + $0(latents) } ?? patches
    }
}

/// Embedding of latent positions of one group type: which patch along time, which group, and its number of columns.
package struct LatentPositionEmbedding: Module {
    @Parameter private var timeIndex: Tensor
    @Parameter private var groupIndex: Tensor
    @Parameter private var columnCount: Tensor

    init(_ shape: PatchShape, width: Int, device: Device) {
        func table(_ count: Int) -> Tensor { Tensor.randn([count, width]).to(device) * 0.3 }
        _timeIndex = Parameter(wrappedValue: table(shape.maxPatches))
        _groupIndex = Parameter(wrappedValue: table(shape.maxGroups))
        _columnCount = Parameter(wrappedValue: table(shape.columns))
    }

    /// Vectors of a group's latent positions, `[P, width]`.
    package func callAsFunction(_ group: PatchGroup) -> Tensor {
        timeIndex.narrowed(0, from: 0, count: group.patchCount) + groupIndex.select(0, group.groupIndex)
            + columnCount.select(0, group.columns.count - 1)
    }
}
