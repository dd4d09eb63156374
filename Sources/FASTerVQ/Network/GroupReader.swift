internal import ActionTokenizers
internal import NN
internal import Torch

/// Actions of one kind of group, made into vectors of its places.
///
/// Beside the network runs a straight, linear path from patch to latent, which starts as the low frequencies of the
/// patch; ``GroupWriter`` has its counterpart. So a first codebook means something from the first step, and the
/// networks have only to learn what a linear codec cannot do: on 50 MetaWorld tasks that halved the L1 after 500
/// steps.
struct GroupReader: Module {
    let convolution: Conv1d
    let projection: Linear
    let straight: Linear
    let shape: PatchShape

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
        let (values, latents) = (shape.steps * shape.columns, configuration.latentWidth)
        straight = Linear(values, latents, bias: false, device: device)
        let frequencies = shape.frequencies(count: latents, device: device)
        withoutGradients { [straight] in straight.weight.copyInPlace(frequencies) }
        self.shape = shape
    }

    /// `x`, `[B, T, columns]`, as vectors `[B, places, width]`, and its straight part of the latents,
    /// `[B, places, latentWidth]`.
    func callAsFunction(_ x: Tensor, places: Int) -> (vectors: Tensor, straight: Tensor) {
        let whole = filled(x, steps: places * shape.steps)
        let smooth = convolution(whole.transposed(1, 2)).gelu().transposed(1, 2)
        let patches = whole.reshaped(x.size(0), places, -1)
        let both = Tensor.concatenated([whole, smooth], axis: 2).reshaped(x.size(0), places, -1)
        return (projection(both), straight(patches))
    }

    /// `x` with columns up to the patch's, which are zero, and up to `steps`, which repeat the last.
    private func filled(_ x: Tensor, steps: Int) -> Tensor {
        let (length, columns) = (x.size(1), x.size(2))
        var result = x
        if columns < shape.columns { result = result.padded([0, shape.columns - columns]) }
        if length < steps {
            let last = result.narrowed(1, from: length - 1, count: 1)
            let rest = last.expanded([x.size(0), steps - length, shape.columns])
            result = .concatenated([result, rest], axis: 1)
        }
        return result
    }
}

/// Vectors of one kind of group's places, made into its actions.
struct GroupWriter: Module {
    let projection: Linear
    let convolution: Conv1d
    let straight: Linear
    let shape: PatchShape

    init(_ shape: PatchShape, _ configuration: ActionAutoencoder.Configuration, device: Device) {
        self.shape = shape
        projection = Linear(
            configuration.width,
            shape.steps * (configuration.stepWidth + shape.columns),
            gain: ActionAutoencoder.smallStart,
            device: device
        )
        convolution = Conv1d(
            configuration.stepWidth,
            shape.columns,
            kernel: configuration.kernel,
            padding: configuration.kernel / 2,
            device: device
        )
        let (values, latents) = (shape.steps * shape.columns, configuration.latentWidth)
        straight = Linear(latents, values, bias: false, device: device)
        let frequencies = shape.frequencies(count: latents, device: device)
        withoutGradients { [straight] in straight.weight.copyInPlace(frequencies.transposed(0, 1)) }
    }

    /// Vectors `[B, places, width]` and latents `[B, places, latentWidth]` as `[B, horizon, columns]`.
    func callAsFunction(_ x: Tensor, latents: Tensor, horizon: Int, columns: Int) -> Tensor {
        let steps = x.size(1) * shape.steps
        let perStep = projection(x).reshaped(x.size(0), steps, -1)
        let direct = perStep.narrowed(2, from: 0, count: shape.columns)
        let hidden = perStep.narrowed(2, from: shape.columns, count: perStep.size(2) - shape.columns)
        let smooth = convolution(hidden.transposed(1, 2).contiguous().gelu()).transposed(1, 2)
        var result = direct + smooth + straight(latents).reshaped(x.size(0), steps, shape.columns)
        if horizon < steps { result = result.narrowed(1, from: 0, count: horizon) }
        if columns < shape.columns { result = result.narrowed(2, from: 0, count: columns) }
        return result
    }
}

/// What tells the places of one kind apart: when they are, whose they are, and how many columns they hold.
struct PlaceEmbedding: Module {
    @Parameter private var times: Tensor
    @Parameter private var members: Tensor
    @Parameter private var widths: Tensor

    init(_ shape: PatchShape, width: Int, device: Device) {
        func table(_ count: Int) -> Tensor { Tensor.randn([count, width]).to(device) * 0.3 }
        _times = Parameter(wrappedValue: table(shape.pieces))
        _members = Parameter(wrappedValue: table(shape.members))
        _widths = Parameter(wrappedValue: table(shape.columns))
    }

    /// The vectors of `part`'s places, `[places, width]`.
    func callAsFunction(_ part: ActionPatchifier.Part) -> Tensor {
        times.narrowed(0, from: 0, count: part.places) + members.select(0, part.member)
            + widths.select(0, part.columns.count - 1)
    }
}

extension PatchShape {
    /// The orthonormal DCT of a patch along time, low frequencies of all columns first: its first rows, `[count, steps ·
    /// columns]`; zeros beyond the patch's own.
    fileprivate func frequencies(count: Int, device: Device) -> Tensor {
        let cosines = DiscreteCosineTransform(length: steps).matrix
        var rows = [Float](repeating: 0, count: count * steps * columns)
        for row in 0 ..< min(count, steps * columns) {
            let (frequency, column) = (row / columns, row % columns)
            for step in 0 ..< steps {
                rows[(row * steps + step) * columns + column] = cosines[frequency * steps + step]
            }
        }
        return Tensor(rows, shape: [count, steps * columns], device: device)
    }
}
