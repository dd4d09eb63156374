package import NN
public import Torch

/// Object poses as a backbone estimates them from images.
public struct ObjectPoseEstimate: Sendable {
    /// Normalised, float32 `[B, M]`.
    public let values: Tensor

    /// Keypoint heatmaps of every camera that has keypoints, float32 `[B, K, cells]`.
    public let heatmaps: [Tensor]
}

/// Auxiliary head that estimates object poses from all cameras' keypoints or their summary, and tokens of its estimate.
///
/// From some dozens of demonstrations a task, actions alone teach a network that is trained from scratch to follow the
/// robot's state and to ignore the images. Simulators record object poses in every frame; learning those from images
/// takes minutes.
package struct ObjectPoseHead: Module {
    /// Frequencies of the estimate's Fourier features.
    package static let frequencyCount = 6

    /// Tokens of the estimate.
    package static let tokenCount = 4

    /// Channels of a keypoint's appearance.
    private static let appearanceWidth = 8

    /// Projections of the keypoints' features, one a camera; empty for estimates from a summary.
    package let appearance: [Linear]
    /// Normalization of the instruction; nil for a summary, which has read it already.
    package let norm: LayerNorm?
    package let layers: [Linear]
    package let projection: Linear

    /// Creates a head for `dimension` values.
    init(_ configuration: CompactBackbone.Configuration, dimension: Int, device: Device) {
        let width = configuration.width
        if configuration.summarizesImages == true {
            (appearance, norm) = ([], nil)
            layers = [Linear(ImageSummary.width, dimension, gain: 0.3, device: device)]
        } else {
            let cameras = configuration.cameras.filter { $0.keypoints > 0 }
            precondition(!cameras.isEmpty, "object poses are estimated from keypoints or a summary")
            appearance = cameras.map { camera in
                Linear(configuration.channels(of: camera), Self.appearanceWidth, device: device)
            }
            norm = LayerNorm(width, device: device)
            let inputs = cameras.reduce(width) { $0 + $1.keypoints * (Self.appearanceWidth + 2) }
            layers = [
                Linear(inputs, 256, gain: 2.0.squareRoot(), device: device),
                Linear(256, 256, gain: 2.0.squareRoot(), device: device),
                Linear(256, dimension, gain: 0.3, device: device),
            ]
        }
        projection = Linear(
            dimension * (1 + 2 * Self.frequencyCount),
            Self.tokenCount * width,
            device: device
        )
    }

    /// The estimate from the images' summary or the cameras' keypoints, and an instruction embedding, `[B, width]`.
    ///
    /// Gradients of the tokens do not reach the estimate: only its own loss trains it.
    ///
    /// - Returns: Normalised values, float32 `[B, M]`, and tokens, `[B, 4, width]`.
    func callAsFunction(_ keypoints: [Keypoints.Output], summary: Tensor?, instruction: Tensor) -> (
        values: Tensor, tokens: Tensor
    ) {
        var x = summary ?? described(keypoints, instruction)
        for (index, layer) in layers.enumerated() { x = layer(index == 0 ? x : x.gelu()) }
        let values = x.to(.float32)
        let fixed = values.detached()
        let fourier = FourierFeatures.features(of: fixed, count: Self.frequencyCount)
        let tokens = projection(Tensor.concatenated([fixed, fourier], axis: 1))
        return (values, tokens.reshaped(values.size(0), Self.tokenCount, -1))
    }

    /// The keypoints and the instruction side by side.
    private func described(_ keypoints: [Keypoints.Output], _ instruction: Tensor) -> Tensor {
        let batch = instruction.size(0)
        let described = zip(appearance, keypoints).flatMap { appearance, keypoints in
            [keypoints.positions, appearance(keypoints.features)].map { $0.reshaped(batch, -1) }
        }
        return .concatenated(described + [norm?(instruction) ?? instruction], axis: 1)
    }
}
