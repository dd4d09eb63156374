public import Torch

/// A part of a network.
///
/// Its parameters are its properties marked ``Parameter`` and ``Buffer``, and those of
/// its properties that are modules themselves; their names are the path of property names, for example
/// `blocks.0.attention.query.weight`.
public protocol Module: Sendable {}

/// A trained tensor of a ``Module``.
@propertyWrapper
public struct Parameter<Value: Sendable>: Sendable {
    /// The tensor, or nil for a part that the module was made without.
    public let wrappedValue: Value

    /// Marks the tensor as trained, unless it holds whole numbers.
    public init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
        guard let tensor = wrappedValue as? Tensor, tensor.dtype.isFloatingPoint else { return }
        tensor.requiringGradient()
    }
}

/// A tensor of a ``Module`` that is saved with it but not trained by gradient.
@propertyWrapper
public struct Buffer<Value: Sendable>: Sendable {
    /// The tensor, or nil for a part that the module was made without.
    public let wrappedValue: Value

    /// Keeps the tensor as it is.
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

/// A tensor with its path in a module.
public struct NamedTensor: Sendable {
    /// Path of property names, for example `blocks.0.attention.query.weight`.
    public let name: String

    /// The tensor, sharing memory with the module's.
    public let tensor: Tensor

    /// Gives `tensor` a name.
    public init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

private protocol Slot {
    var isTrained: Bool { get }
    var tensor: Tensor? { get }
}

extension Parameter: Slot {
    fileprivate var isTrained: Bool { true }
    fileprivate var tensor: Tensor? { wrappedValue as? Tensor }
}

extension Buffer: Slot {
    fileprivate var isTrained: Bool { false }
    fileprivate var tensor: Tensor? { wrappedValue as? Tensor }
}

extension Module {
    /// Trained tensors, in the order of the properties; those of frozen parts are not among them.
    public var parameters: [NamedTensor] {
        slots(of: self, at: "").filter { $0.isTrained && $0.named.tensor.requiresGradient }.map(\.named)
    }

    /// All tensors that belong in a checkpoint: parameters and buffers.
    public var tensors: [NamedTensor] { slots(of: self, at: "").map(\.named) }

    /// Excludes all tensors from training; they stay in checkpoints.
    public func freeze() { for tensor in tensors { tensor.tensor.requiringGradient(false) } }

    /// Excludes all tensors from training but those of ``LowRankAdapter``s.
    public func freezeAllButAdapters() {
        for tensor in tensors where !tensor.isOfAdapter { tensor.tensor.requiringGradient(false) }
    }

    /// Number of trained numbers.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}

private func slots(of value: Any, at path: String) -> [(named: NamedTensor, isTrained: Bool)] {
    if let slot = value as? any Slot {
        guard let tensor = slot.tensor else { return [] }
        return [(NamedTensor(name: path, tensor: tensor), slot.isTrained)]
    }
    let mirror = Mirror(reflecting: value)
    let isContainer = mirror.displayStyle == .collection || mirror.displayStyle == .optional
    guard value is any Module || isContainer else { return [] }
    return mirror.children.enumerated().flatMap { index, child in
        let label = child.label ?? String(index)
        let name = label.hasPrefix("_") ? String(label.dropFirst()) : label
        let prefix = path.isEmpty ? "" : path + "."
        let inside = mirror.displayStyle == .optional ? path : prefix + name
        return slots(of: child.value, at: inside)
    }
}
