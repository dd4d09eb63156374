internal import NN
internal import Torch

/// Where things are, read off the keypoints of all cameras, and told to the transformer.
///
/// With some dozens of demonstrations a task, actions alone teach a network that begins from nothing to follow the
/// robot's state and to ignore the pictures. A simulator's recordings say where things are in every frame; learning that
/// from pictures takes minutes, and a policy that is told it needs no more.
struct EnvironmentEstimate: Module {
    /// Waves by which a value is told to the transformer.
    private static let waveCount = 6

    /// Tokens that tell the estimate together.
    private static let tokenCount = 4

    /// Channels in which an estimate is told what one keypoint looks like.
    private static let looksWidth = 8

    private let looks: [Linear]
    private let norm: LayerNorm
    private let layers: [Linear]
    private let told: Linear

    /// Prepares to estimate `dimension` values.
    init(_ configuration: CompactBackbone.Configuration, dimension: Int, device: Device) {
        let width = configuration.width
        let cameras = configuration.cameras.filter { $0.keypoints > 0 }
        precondition(!cameras.isEmpty, "where things are is read off keypoints")
        looks = cameras.map { camera in
            Linear(
                PatchMerging.channels(width: width, pixelsPerToken: camera.pixelsPerToken),
                Self.looksWidth,
                device: device
            )
        }
        norm = LayerNorm(width, device: device)
        let described = cameras.reduce(width) { $0 + $1.keypoints * (Self.looksWidth + 2) }
        layers = [
            Linear(described, 256, gain: 2.0.squareRoot(), device: device),
            Linear(256, 256, gain: 2.0.squareRoot(), device: device),
            Linear(256, dimension, gain: 0.3, device: device),
        ]
        told = Linear(dimension * (1 + 2 * Self.waveCount), Self.tokenCount * width, device: device)
    }

    /// The estimate from what the cameras' keypoints `found`, for an instruction, `[B, width]`.
    ///
    /// What the policy makes of the estimate does not change it: it answers for where things are alone.
    ///
    /// - Returns: Normalised values, float32 `[B, M]`, and tokens, `[B, 4, width]`.
    func callAsFunction(_ found: [Keypoints.Found], instruction: Tensor) -> (values: Tensor, tokens: Tensor) {
        let batch = instruction.size(0)
        let described = zip(looks, found).flatMap { looks, found in
            [found.places, looks(found.features)].map { $0.reshaped(batch, -1) }
        }
        var x = Tensor.concatenated(described + [norm(instruction)], axis: 1)
        for (index, layer) in layers.enumerated() { x = layer(index == 0 ? x : x.gelu()) }
        let values = x.to(.float32)
        let fixed = values.detached()
        let waves = Octaves.channels(of: fixed, count: Self.waveCount)
        let tokens = told(Tensor.concatenated([fixed, waves], axis: 1)).reshaped(batch, Self.tokenCount, -1)
        return (values, tokens)
    }
}
