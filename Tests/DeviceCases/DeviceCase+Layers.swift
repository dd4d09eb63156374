internal import NN
internal import Torch

extension DeviceCase {
    static let layers: [DeviceCase] =
        [
            DeviceCase("convolution along time") { device in
                let layer = Conv1d(4, 6, kernel: 3, stride: 2, padding: 1, device: device)
                return layer.gradients(of: layer(.randn([2, 4, 9], device: device)).squared().mean())
            },
            DeviceCase("convolution over images") { device in
                let layer = Conv2d(4, 6, kernel: 3, padding: 1, groups: 2, device: device)
                return layer.gradients(of: layer(.randn([2, 4, 8, 8], device: device)).squared().mean())
            },
        ]
        + WeightQuantization.allCases.map { quantization in
            // The CPU's kernels round activations to bytes, too.
            DeviceCase("weights of \(quantization.bits) bits", tolerance: 3e-2) { device in
                let weight = QuantizedWeight(quantizing: .randn([40, 64], device: device), as: quantization)
                return [
                    NamedTensor(name: "product", tensor: weight(.randn([3, 64], device: device))),
                    NamedTensor(name: "weight", tensor: weight.dequantized(to: .float32)),
                ]
            }
        }
}
