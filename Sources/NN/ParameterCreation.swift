public import Torch

/// Memory and initial values of the parameters of layers that are being created.
public struct ParameterCreation: Sendable {
    /// Element type of the parameters.
    public var dtype: DType

    /// False leaves memory undefined: for parameters that are about to be read from a file, which random numbers would
    /// only delay.
    public var isInitialized: Bool

    /// Adapters of linear layers; nil for layers without.
    public var adapter: LowRankAdapter.Configuration?

    /// Whole numbers that linear layers have for weights; nil for weights of ``dtype``.
    public var quantization: WeightQuantization?

    @TaskLocal static var current = ParameterCreation(dtype: .float32, isInitialized: true)
}

/// Runs `body`; the layers that it creates have parameters of `dtype`, and undefined ones unless they are `initialized`.
///
/// ```swift
/// let model = withParameters(of: .bfloat16, initialized: false) { PaliGemma(configuration, device: device) }
/// try folder.load(model.tensors, names: .paliGemma)
/// ```
public func withParameters<Result>(
    of dtype: DType = .float32,
    initialized: Bool = true,
    _ body: () throws -> Result
) rethrows -> Result {
    var creation = ParameterCreation.current
    (creation.dtype, creation.isInitialized) = (dtype, initialized)
    return try ParameterCreation.$current.withValue(creation, operation: body)
}

/// Runs `body`; the linear layers that it creates have adapters, or none with nil.
public func withAdapters<Result>(
    _ configuration: LowRankAdapter.Configuration?,
    _ body: () throws -> Result
) rethrows -> Result {
    var creation = ParameterCreation.current
    creation.adapter = configuration
    return try ParameterCreation.$current.withValue(creation, operation: body)
}

/// Runs `body`; the linear layers that it creates have quantized weights, or weights of numbers with nil.
public func withQuantizedWeights<Result>(
    _ quantization: WeightQuantization?,
    _ body: () throws -> Result
) rethrows -> Result {
    var creation = ParameterCreation.current
    creation.quantization = quantization
    return try ParameterCreation.$current.withValue(creation, operation: body)
}

/// Runs `body`; the linear layers that it creates have neither adapters nor quantized weights, as output heads have none.
public func withPlainLinearLayers<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withAdapters(nil) { try withQuantizedWeights(nil, body) }
}

extension Tensor {
    /// A new parameter from a normal distribution with mean 0.
    package static func normalParameter(_ shape: [Int], standardDeviation: Double, device: Device) -> Tensor {
        newParameter(shape, device) { Tensor.randn(shape).to(device) * standardDeviation }
    }

    /// A new parameter with `value` everywhere.
    static func constantParameter(_ shape: [Int], _ value: Double, device: Device) -> Tensor {
        newParameter(shape, device) { .full(shape, value, device: device) }
    }

    private static func newParameter(_ shape: [Int], _ device: Device, _ initial: () -> Tensor) -> Tensor {
        let creation = ParameterCreation.current
        guard creation.isInitialized else { return .empty(shape, dtype: creation.dtype, device: device) }
        return initial().to(creation.dtype)
    }
}
