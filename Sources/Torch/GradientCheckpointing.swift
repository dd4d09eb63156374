internal import CTorch

/// Gradient checkpointing: the activations of a part of a network are not kept for the backward pass, which computes them
/// again (arXiv 1604.06174).
public enum GradientCheckpointing {
    /// True within ``withGradientCheckpointing(_:_:)``.
    @TaskLocal fileprivate static var isEnabled = false

    /// True within ``withGradientCheckpointing(_:_:)``, where operators are recorded for differentiation.
    public static var isActive: Bool { isEnabled && torch_grad_enabled() }

    /// The outputs of `body` for `inputs`; with checkpointing, only the inputs are kept for the backward pass, in which
    /// `body` runs again.
    ///
    /// Where ``isActive`` is false, this is `body(inputs)`. Twice with the same
    /// inputs `body` has to compute the same: no random numbers, no side effects.
    ///
    /// - Parameters:
    ///   - inputs: At least one tensor; gradients flow to these, and to parameters that `body` reads.
    ///   - outputCount: Number of tensors that `body` returns.
    ///   - body: The computation.
    /// - Returns: Its outputs, which can be differentiated once.
    public static func run(
        _ inputs: [Tensor],
        outputCount: Int,
        _ body: @escaping ([Tensor]) -> [Tensor]
    ) -> [Tensor] {
        guard isActive else { return body(inputs) }
        let computation = Computation(inputCount: inputs.count, outputCount: outputCount, body: body)
        let function = TorchFunction(
            context: Unmanaged.passRetained(computation).toOpaque(),
            run: { context, inputs, outputs in
                guard let context, let inputs, let outputs else { return }
                Unmanaged<Computation>.fromOpaque(context).takeUnretainedValue().run(inputs, outputs)
            },
            release: { context in
                if let context { Unmanaged<Computation>.fromOpaque(context).release() }
            }
        )
        var outputs = [OpaquePointer?](repeating: nil, count: outputCount)
        let done = withExtendedLifetime(inputs) {
            inputs.map { Optional($0.pointer) }.withUnsafeBufferPointer { handles in
                torch_checkpoint(
                    function,
                    handles.baseAddress,
                    Int64(handles.count),
                    &outputs,
                    Int64(outputCount)
                )
            }
        }
        guard done else { trap("gradient checkpointing") }
        return outputs.map { Tensor(adopting: $0, from: "gradient checkpointing") }
    }
}

/// Runs `body` with gradient checkpointing of the parts that support it, if `isEnabled`.
public func withGradientCheckpointing<Result>(_ isEnabled: Bool, _ body: () throws -> Result) rethrows
    -> Result
{
    try GradientCheckpointing.$isEnabled.withValue(isEnabled, operation: body)
}

/// A computation whose inputs and outputs are libtorch's handles.
private final class Computation {
    private let inputCount: Int
    private let outputCount: Int
    private let body: ([Tensor]) -> [Tensor]

    init(inputCount: Int, outputCount: Int, body: @escaping ([Tensor]) -> [Tensor]) {
        (self.inputCount, self.outputCount, self.body) = (inputCount, outputCount, body)
    }

    func run(_ inputs: UnsafePointer<OpaquePointer?>, _ outputs: UnsafeMutablePointer<OpaquePointer?>) {
        let arguments = (0 ..< inputCount).map { Tensor(adopting: inputs[$0], from: "input") }
        let results = body(arguments)
        precondition(results.count == outputCount, "expected \(outputCount) outputs, got \(results.count)")
        for (index, result) in results.enumerated() {
            outputs[index] = result.withHandle { torch_share($0) }
        }
    }
}
