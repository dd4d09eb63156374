public import Torch

/// A convolution along time: `[B, in, T]` to `[B, out, T']`.
public struct Conv1d: Module {
    /// `[out, in / groups, kernel]`.
    @Parameter public var weight: Tensor

    /// `[out]`.
    @Parameter public var bias: Tensor

    /// Steps between neighbouring outputs.
    public let stride: Int

    /// Zeros added at both ends.
    public let padding: Int

    /// Groups of channels that do not mix.
    public let groups: Int

    /// Weights from a normal distribution of standard deviation `gain / √(in · kernel / groups)`; biases zero.
    public init(
        _ inputs: Int,
        _ outputs: Int,
        kernel: Int,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1,
        gain: Double = 1,
        device: Device = .cpu
    ) {
        let scale = gain / Double(inputs / groups * kernel).squareRoot()
        _weight = Parameter(
            wrappedValue: Tensor.randn([outputs, inputs / groups, kernel]).to(device) * scale
        )
        _bias = Parameter(wrappedValue: .zeros([outputs], device: device))
        self.stride = stride
        self.padding = padding
        self.groups = groups
    }

    /// `x`, `[B, in, T]`, convolved.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.conv1d(weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
    }
}

/// A convolution over an image: `[B, in, h, w]` to `[B, out, h', w']`.
public struct Conv2d: Module {
    /// `[out, in / groups, kernel, kernel]`.
    @Parameter public var weight: Tensor

    /// `[out]`.
    @Parameter public var bias: Tensor

    /// Pixels between neighbouring outputs.
    public let stride: Int

    /// Zeros added at every edge.
    public let padding: Int

    /// Groups of channels that do not mix.
    public let groups: Int

    /// Weights from a normal distribution of standard deviation `gain / √(in · kernel² / groups)`; biases zero.
    public init(
        _ inputs: Int,
        _ outputs: Int,
        kernel: Int,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1,
        gain: Double = 1,
        device: Device = .cpu
    ) {
        let scale = gain / Double(inputs / groups * kernel * kernel).squareRoot()
        _weight = Parameter(
            wrappedValue: Tensor.randn([outputs, inputs / groups, kernel, kernel]).to(device) * scale
        )
        _bias = Parameter(wrappedValue: .zeros([outputs], device: device))
        self.stride = stride
        self.padding = padding
        self.groups = groups
    }

    /// `x`, `[B, in, h, w]`, convolved.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.conv2d(
            weight: weight,
            bias: bias,
            stride: [stride, stride],
            padding: [padding, padding],
            groups: groups
        )
    }
}
