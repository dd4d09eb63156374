public import NN
public import Torch

/// A part of the package in tiny form, forward and backward, which gives the same on every device.
///
/// On the meta device it proves that no tensor stays behind on the CPU, on a GPU that the numbers agree.
public struct DeviceCase: Sendable, CustomStringConvertible {
    /// Name of the part.
    public let description: String

    /// Number of results that the host reads, each of which waits for the device.
    public let reads: Int

    /// Largest difference between devices, as a fraction of a result's largest element.
    public let tolerance: Double

    private let compute: @Sendable (Device) throws -> [NamedTensor]

    init(
        _ description: String,
        reads: Int = 0,
        tolerance: Double = 1e-3,
        _ compute: @escaping @Sendable (Device) throws -> [NamedTensor]
    ) {
        (self.description, self.reads, self.tolerance) = (description, reads, tolerance)
        self.compute = compute
    }

    /// Results and gradients on `device`, from the same random numbers each time.
    public func results(on device: Device) throws -> [NamedTensor] {
        Torch.seed(7)
        return try compute(device)
    }

    /// All cases.
    public static var all: [DeviceCase] { layers + tokenizers + backbones + heads + trainings }
}

extension Module {
    /// `loss` and its gradients in the parameters, which are forgotten.
    func gradients(of loss: Tensor) -> [NamedTensor] {
        loss.backward()
        return [NamedTensor(name: "loss", tensor: loss.detached())]
            + parameters.compactMap { parameter in
                defer { parameter.tensor.setGradient(nil) }
                return parameter.tensor.gradient.map { NamedTensor(name: parameter.name, tensor: $0) }
            }
    }
}
