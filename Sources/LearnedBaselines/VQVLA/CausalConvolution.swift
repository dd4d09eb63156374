internal import NN
internal import Torch

/// A 3 x 3 convolution over a chunk as an image, time down and columns across: `[B, in, T, D]` to
/// `[B, out, ⌈T / stride⌉, ⌈D / stride⌉]`.
///
/// Causal along time.
struct CausalConvolution: Module {
    private let convolution: Conv2d

    init(_ inputs: Int, _ outputs: Int, stride: Int = 1, gain: Double = 1, device: Device) {
        convolution = Conv2d(inputs, outputs, kernel: 3, stride: stride, gain: gain, device: device)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { convolution(x.padded([1, 1, 2, 0])) }
}

/// A residual block of two convolutions: `[B, C, T, D]` to the same.
struct ConvolutionBlock: Module {
    private let first: CausalConvolution
    private let second: CausalConvolution

    init(_ width: Int, device: Device) {
        first = CausalConvolution(width, width, device: device)
        // The branch starts small, so that deep stacks begin as the identity.
        second = CausalConvolution(width, width, gain: 0.1, device: device)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { x + second(first(x.gelu()).gelu()) }
}
