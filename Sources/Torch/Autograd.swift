internal import CTorch

private enum Grad {
    static let detach = Operator("aten::detach")
}

extension Tensor {
    /// True if operators on this tensor are recorded for differentiation.
    public var requiresGradient: Bool { withHandle { torch_requires_grad($0) } }

    /// Marks a leaf as a parameter, or no longer so, and returns it.
    @discardableResult
    public func requiringGradient(_ value: Bool = true) -> Tensor {
        let accepted = withHandle { torch_set_requires_grad($0, value) }
        if !accepted { trap("requiringGradient") }
        return self
    }

    /// The same elements, cut from the recorded computation.
    public func detached() -> Tensor { Grad.detach(.tensor(self)) }

    /// Adds the gradient of this scalar to every parameter it was computed from.
    public func backward() {
        let done = withHandle { torch_backward($0) }
        if !done { trap("backward") }
    }

    /// The accumulated gradient, or nil before the first ``backward()``.
    public var gradient: Tensor? {
        withHandle { torch_grad($0) }.map { Tensor(adopting: $0, from: "gradient") }
    }

    /// Replaces the accumulated gradient; nil forgets it.
    public func setGradient(_ gradient: Tensor?) {
        withHandle { torch_set_grad($0, gradient?.pointer) }
        withExtendedLifetime(gradient) {}
    }
}

/// True while operators on this thread are recorded for differentiation.
public var isRecordingGradients: Bool { torch_grad_enabled() }

/// Runs `body` without recording operators for differentiation.
///
/// Holds for this thread.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let former = torch_set_grad_enabled(false)
    defer { _ = torch_set_grad_enabled(former) }
    return try body()
}

/// Runs `body` with matrix products in `dtype` on `device` where autocast supports it.
///
/// With nil, or on the meta device, it runs as it is. Holds for this thread.
public func withAutocast<Result>(to dtype: DType?, on device: Device, _ body: () throws -> Result) rethrows
    -> Result
{
    guard let dtype, device != .meta else { return try body() }
    guard torch_autocast_enter(device.type, dtype.rawValue) else { trap("autocast") }
    defer { torch_autocast_leave(device.type) }
    return try body()
}
