internal import NN
internal import Torch

/// Inverted residual block with a linear bottleneck (MobileNetV2, arXiv 1801.04381, section 3.3): 1 x 1 to more channels, a depthwise
/// convolution, 1 x 1 back, and a residual connection where the shape stays.
struct InvertedResidual: Module {
    private let expansion: SamePaddedConvolution?
    private let depthwise: SamePaddedConvolution
    private let projection: SamePaddedConvolution
    private let isResidual: Bool

    /// Creates a block of `stage` for maps of `inputs` channels; only the first of a stage has its stride.
    init(_ stage: EfficientNetLite.Stage, inputs: Int, isFirst: Bool, device: Device) {
        let inner = inputs * stage.expansion
        let stride = isFirst ? stage.stride : 1
        // ReLU6 halves the mean square.
        let gain = 2.0.squareRoot()
        expansion =
            stage.expansion > 1
            ? SamePaddedConvolution(inputs, inner, kernel: 1, gain: gain, device: device) : nil
        depthwise = SamePaddedConvolution(
            inner,
            inner,
            kernel: stage.kernel,
            stride: stride,
            groups: inner,
            gain: gain,
            device: device
        )
        projection = SamePaddedConvolution(inner, stage.channels, kernel: 1, gain: 1, device: device)
        isResidual = stride == 1 && inputs == stage.channels
    }

    /// Its convolutions, in order.
    var convolutions: [SamePaddedConvolution] { [expansion, depthwise, projection].compactMap(\.self) }

    /// `x`, `[B, in, h, w]`, to `[B, out, ⌈h / stride⌉, ⌈w / stride⌉]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        // In place, as nothing else reads the convolutions' results.
        let expanded = expansion.map { $0(x).relu6InPlace() } ?? x
        let y = projection(depthwise(expanded).relu6InPlace())
        return isResidual ? x + y : y
    }
}
