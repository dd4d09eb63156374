private enum Shape {
    static let reshape = Operator("aten::reshape")
    static let view = Operator("aten::view")
    static let permute = Operator("aten::permute")
    static let transpose = Operator("aten::transpose", "int")
    static let unsqueeze = Operator("aten::unsqueeze")
    static let squeeze = Operator("aten::squeeze", "dim")
    static let expand = Operator("aten::expand")
    static let concatenate = Operator("aten::cat")
    static let stack = Operator("aten::stack")
    static let narrow = Operator("aten::narrow")
    static let select = Operator("aten::select", "int")
    static let pad = Operator("aten::constant_pad_nd")
    static let repeatInterleave = Operator("aten::repeat_interleave", "self_int")
    static let split = Operator("aten::split_with_sizes")
}

extension Tensor {
    /// The same elements, row-major, in another shape; one size may be -1.
    public func reshaped(_ shape: [Int]) -> Tensor { Shape.reshape(.tensor(self), .integers(shape)) }

    /// The same elements, row-major, in another shape; one size may be -1.
    public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

    /// The same elements in another shape and the same memory, without gaps between them; one size may be -1.
    public func viewed(_ shape: Int...) -> Tensor { Shape.view(.tensor(self), .integers(shape)) }

    /// The axes in another order.
    public func permuted(_ axes: Int...) -> Tensor { Shape.permute(.tensor(self), .integers(axes)) }

    /// Two axes exchanged.
    public func transposed(_ first: Int, _ second: Int) -> Tensor {
        Shape.transpose(.tensor(self), .integer(first), .integer(second))
    }

    /// A new axis of size 1 at `axis`.
    public func unsqueezed(_ axis: Int) -> Tensor { Shape.unsqueeze(.tensor(self), .integer(axis)) }

    /// Without `axis`, which has size 1.
    public func squeezed(_ axis: Int) -> Tensor { Shape.squeeze(.tensor(self), .integer(axis)) }

    /// Axes of size 1 repeated without copying; -1 keeps a size.
    public func expanded(_ shape: [Int]) -> Tensor { Shape.expand(.tensor(self), .integers(shape)) }

    /// Tensors joined along an axis they have.
    public static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
        Shape.concatenate(.tensors(tensors), .integer(axis))
    }

    /// Tensors joined along a new axis.
    public static func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
        Shape.stack(.tensors(tensors), .integer(axis))
    }

    /// `count` elements along `axis` from `start`, sharing memory.
    public func narrowed(_ axis: Int, from start: Int, count: Int) -> Tensor {
        Shape.narrow(.tensor(self), .integer(axis), .integer(start), .integer(count))
    }

    /// The element `index` along `axis`, which disappears; shares memory.
    public func select(_ axis: Int, _ index: Int) -> Tensor {
        Shape.select(.tensor(self), .integer(axis), .integer(index))
    }

    /// `value` added around the last axes: `[before last, after last, before last but one, ...]`.
    public func padded(_ widths: [Int], value: Double = 0) -> Tensor {
        Shape.pad(.tensor(self), .integers(widths), .real(value))
    }

    /// Every element along `axis` repeated `count` times in a row.
    public func repeatedInterleaved(_ count: Int, axis: Int) -> Tensor {
        Shape.repeatInterleave(.tensor(self), .integer(count), .integer(axis))
    }

    /// Pieces of the given sizes along `axis`, sharing memory.
    public func split(sizes: [Int], axis: Int) -> [Tensor] {
        Shape.split.results(.tensor(self), .integers(sizes), .integer(axis), capacity: sizes.count)
    }
}
