public import Torch

/// A convolution along time: `[B, in, T]` to `[B, out, T']`.
public typealias Conv1d = Convolution<TimeAxis>

/// A convolution over an image: `[B, in, h, w]` to `[B, out, h', w']`.
public typealias Conv2d = Convolution<ImageAxes>

/// A convolution with the same kernel size, stride and padding along all of its axes.
public struct Convolution<Axes: ConvolutionAxes>: Module {
    /// `[out, in / groups, kernel]`, of an image `[out, in / groups, kernel, kernel]`.
    @Parameter public var weight: Tensor

    /// `[out]`.
    @Parameter public var bias: Tensor

    /// Steps or pixels between neighbouring outputs.
    public let stride: Int

    /// Number of zeros added at both ends of an axis.
    public let padding: Int

    /// Groups of channels that do not mix.
    public let groups: Int

    /// Weights from a normal distribution of standard deviation `gain / √n`, where `n` is the number of weights of an output
    /// channel; biases zero.
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
        let sizes = [inputs / groups] + Array(repeating: kernel, count: Axes.count)
        let scale = gain / Double(sizes.reduce(1, *)).squareRoot()
        _weight = Parameter(
            wrappedValue: .normalParameter([outputs] + sizes, standardDeviation: scale, device: device)
        )
        _bias = Parameter(wrappedValue: .constantParameter([outputs], 0, device: device))
        self.stride = stride
        self.padding = padding
        self.groups = groups
    }

    /// `x`, `[B, in, T]` or `[B, in, h, w]`, convolved.
    public func callAsFunction(_ x: Tensor) -> Tensor { Axes.convolve(x, self) }
}

/// Axes of a tensor that a convolution moves along.
public protocol ConvolutionAxes: Sendable {
    /// Number of axes.
    static var count: Int { get }

    /// `x`, `[B, in]` and the axes, convolved.
    static func convolve(_ x: Tensor, _ layer: Convolution<Self>) -> Tensor
}

/// The time axis of a sequence, `[B, channels, T]`.
public enum TimeAxis: ConvolutionAxes {
    /// One.
    public static let count = 1

    /// `x`, `[B, in, T]`, convolved.
    public static func convolve(_ x: Tensor, _ layer: Convolution<Self>) -> Tensor {
        x.conv1d(
            weight: layer.weight,
            bias: layer.bias,
            stride: layer.stride,
            padding: layer.padding,
            groups: layer.groups
        )
    }
}

/// Height and width of an image, `[B, channels, h, w]`.
public enum ImageAxes: ConvolutionAxes {
    /// Two.
    public static let count = 2

    /// `x`, `[B, in, h, w]`, convolved.
    public static func convolve(_ x: Tensor, _ layer: Convolution<Self>) -> Tensor {
        x.conv2d(
            weight: layer.weight,
            bias: layer.bias,
            stride: [layer.stride, layer.stride],
            padding: [layer.padding, layer.padding],
            groups: layer.groups
        )
    }
}
