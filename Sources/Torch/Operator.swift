internal import CTorch

/// One of ATen's operators, found once by its schema's name.
///
/// ```swift
/// static let cumsum = Operator("aten::cumsum")
/// let sums = cumsum(.tensor(x), 0)
/// ```
public struct Operator: @unchecked Sendable {
    /// Schema name, for example `aten::sum.dim_IntList`.
    public let name: String

    private let pointer: OpaquePointer

    /// Finds the operator `name` with `overload`; traps when libtorch has none.
    public init(_ name: String, _ overload: String = "") {
        self.name = overload.isEmpty ? name : "\(name).\(overload)"
        guard let found = torch_find_operator(name, overload) else { trap(self.name) }
        pointer = found
    }

    /// Calls the operator and returns its only tensor.
    ///
    /// Arguments left out at the end take their defaults.
    @discardableResult
    public func callAsFunction(_ arguments: Argument...) -> Tensor {
        let results = call(arguments, capacity: 1)
        precondition(results.count == 1, "\(name) returned \(results.count) tensors, expected 1")
        return results[0]
    }

    /// Calls the operator and returns all its tensors, at most `capacity`.
    @discardableResult
    public func results(_ arguments: Argument..., capacity: Int = 8) -> [Tensor] {
        call(arguments, capacity: capacity)
    }

    private func call(_ arguments: [Argument], capacity: Int) -> [Tensor] {
        withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: capacity) { outputs in
            let count = withValues(of: arguments) { values in
                torch_call(
                    pointer,
                    values.baseAddress,
                    Int64(values.count),
                    outputs.baseAddress,
                    Int64(capacity)
                )
            }
            if count < 0 { trap(name) }
            return (0 ..< Int(count)).map { Tensor(adopting: outputs[$0], from: name) }
        }
    }
}

/// One argument of an ``Operator``.
public enum Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral
{
    /// Absent.
    case none
    /// A tensor.
    case tensor(Tensor)
    /// A tensor, or none.
    case optional(Tensor?)
    /// A list of tensors.
    case tensors([Tensor])
    /// A list whose elements may be absent, as indexing takes.
    case optionalTensors([Tensor?])
    /// An integer, or a scalar.
    case integer(Int)
    /// A list of integers.
    case integers([Int])
    /// A real number, or a scalar.
    case real(Double)
    /// A truth value.
    case boolean(Bool)
    /// A text.
    case text(String)
    /// An element type.
    case dtype(DType)
    /// A device.
    case device(Device)

    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A real number.
    public init(floatLiteral value: Double) { self = .real(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// An absent argument.
    public init(nilLiteral: ()) { self = .none }
    /// A list of integers.
    public init(arrayLiteral elements: Int...) { self = .integers(elements) }
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// Lays `arguments` out as the C door reads them, for the duration of `body`.
private func withValues<Result>(
    of arguments: [Argument],
    _ body: (UnsafeBufferPointer<TorchValue>) -> Result
) -> Result {
    var integers: [Int64] = []
    var pointers: [OpaquePointer?] = []
    var texts: [[CChar]] = []
    for argument in arguments {
        switch argument {
        case .integers(let list): integers += list.map(Int64.init)
        case .tensors(let list): pointers += list.map(\.pointer)
        case .optionalTensors(let list): pointers += list.map { $0?.pointer }
        case .text(let text): texts.append(Array(text.utf8CString))
        case .device(let device): texts.append(Array(device.description.utf8CString))
        default: break
        }
    }
    let textOffsets = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    let characters = texts.flatMap { $0 }
    return withExtendedLifetime(arguments) {
        integers.withUnsafeBufferPointer { integers in
            pointers.withUnsafeBufferPointer { pointers in
                characters.withUnsafeBufferPointer { characters in
                    var integerOffset = 0
                    var pointerOffset = 0
                    var textIndex = 0
                    let values = arguments.map { argument -> TorchValue in
                        var value = TorchValue()
                        switch argument {
                        case .none, .optional(.none): value.kind = TORCH_NONE
                        case .tensor(let tensor), .optional(.some(let tensor)):
                            value.kind = TORCH_TENSOR
                            value.tensor = tensor.pointer
                        case .tensors(let list):
                            value.kind = TORCH_TENSORS
                            value.count = Int64(list.count)
                            value.tensors = pointers.baseAddress.map { $0 + pointerOffset }
                            pointerOffset += list.count
                        case .optionalTensors(let list):
                            value.kind = TORCH_OPTIONAL_TENSORS
                            value.count = Int64(list.count)
                            value.tensors = pointers.baseAddress.map { $0 + pointerOffset }
                            pointerOffset += list.count
                        case .integer(let number):
                            value.kind = TORCH_INTEGER
                            value.integer = Int64(number)
                        case .integers(let list):
                            value.kind = TORCH_INTEGERS
                            value.count = Int64(list.count)
                            value.integers = integers.baseAddress.map { $0 + integerOffset }
                            integerOffset += list.count
                        case .real(let number):
                            value.kind = TORCH_REAL
                            value.real = number
                        case .boolean(let truth):
                            value.kind = TORCH_BOOLEAN
                            value.boolean = truth
                        case .dtype(let dtype):
                            value.kind = TORCH_DTYPE
                            value.integer = Int64(dtype.rawValue)
                        case .text, .device:
                            if case .text = argument {
                                value.kind = TORCH_TEXT
                            } else {
                                value.kind = TORCH_DEVICE
                            }
                            value.text = characters.baseAddress.map { $0 + textOffsets[textIndex] }
                            textIndex += 1
                        }
                        return value
                    }
                    return values.withUnsafeBufferPointer(body)
                }
            }
        }
    }
}
