internal import NN
internal import Torch

/// Convolution with zeros added as TensorFlow's "SAME" does, so that `⌈size / stride⌉` outputs come of `size` inputs.
///
/// An odd zero goes to the bottom and the right. The bias is that of the batch normalization after it, which is folded in
/// (`EfficientNetLite.load(from:)`).
struct SamePaddedConvolution: Module {
    /// `[out, in / groups, kernel, kernel]`, channels last in memory: with these libtorch convolves twice as fast.
    @Parameter var weight: Tensor
    /// `[out]`.
    @Parameter var bias: Tensor

    private let stride: Int
    private let groups: Int

    /// Weights from a normal distribution of standard deviation `gain / √n`, where `n` is the number of weights of an output
    /// channel; biases zero.
    init(
        _ inputs: Int,
        _ outputs: Int,
        kernel: Int,
        stride: Int = 1,
        groups: Int = 1,
        gain: Double,
        device: Device
    ) {
        let shape = [outputs, kernel, kernel, inputs / groups]
        let scale = gain / Double(shape.dropFirst().reduce(1, *)).squareRoot()
        let weight = Tensor.randn(shape).to(device) * scale
        _weight = Parameter(wrappedValue: weight.permuted(0, 3, 1, 2))
        _bias = Parameter(wrappedValue: .zeros([outputs], device: device))
        (self.stride, self.groups) = (stride, groups)
    }

    /// `x`, `[B, in, h, w]`, convolved: `[B, out, ⌈h / stride⌉, ⌈w / stride⌉]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let (rows, columns) = (zeros(along: x.size(2)), zeros(along: x.size(3)))
        let isEven = rows % 2 == 0 && columns % 2 == 0
        let padded =
            isEven
            ? x : x.padded([columns / 2, columns - columns / 2, rows / 2, rows - rows / 2])
        return padded.conv2d(
            weight: weight,
            bias: bias,
            stride: [stride, stride],
            padding: isEven ? [rows / 2, columns / 2] : [0, 0],
            groups: groups
        )
    }

    /// Number of zeros to add along an axis of `size`.
    private func zeros(along size: Int) -> Int {
        let outputs = (size + stride - 1) / stride
        return max(0, (outputs - 1) * stride + weight.size(2) - size)
    }
}
