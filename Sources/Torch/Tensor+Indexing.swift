private enum Index {
    static let indexSelect = Operator("aten::index_select")
    static let gather = Operator("aten::gather")
    static let indexAdd = Operator("aten::index_add_")
    static let selectWhere = Operator("aten::where", "self")
    static let maskedFill = Operator("aten::masked_fill", "Scalar")
    static let maskedScatter = Operator("aten::masked_scatter")
    static let sort = Operator("aten::argsort")
    static let searchSorted = Operator("aten::searchsorted", "Tensor")
}

extension Tensor {
    /// The elements at `indices`, int64 of one axis, along `axis`.
    public func gathering(_ indices: Tensor, axis: Int) -> Tensor {
        Index.indexSelect(.tensor(self), .integer(axis), .tensor(indices))
    }

    /// For every element of `indices`, int64 of the same rank, the element there along `axis`.
    public func gather(axis: Int, _ indices: Tensor) -> Tensor {
        Index.gather(.tensor(self), .integer(axis), .tensor(indices))
    }

    /// Adds the slices of `source` to those at `indices` along `axis`.
    public func indexAddInPlace(axis: Int, _ indices: Tensor, _ source: Tensor) {
        Index.indexAdd(.tensor(self), .integer(axis), .tensor(indices), .tensor(source))
    }

    /// `self` where `condition`, else `other`.
    public func selected(where condition: Tensor, otherwise other: Tensor) -> Tensor {
        Index.selectWhere(.tensor(condition), .tensor(self), .tensor(other))
    }

    /// `value` where `mask`, else the element.
    public func filled(where mask: Tensor, with value: Double) -> Tensor {
        Index.maskedFill(.tensor(self), .tensor(mask), .real(value))
    }

    /// The next elements of `source`, row-major, where `mask`, bool, broadcast, else the element.
    public func scattered(where mask: Tensor, from source: Tensor) -> Tensor {
        Index.maskedScatter(.tensor(self), .tensor(mask), .tensor(source))
    }

    /// The order that sorts the last axis, int64.
    public func argsort(descending: Bool = false) -> Tensor {
        Index.sort(.tensor(self), -1, .boolean(descending))
    }

    /// Index of the first element of these rising ones, `[n]`, that is not below each of `values`, `[m]`: int64 `[m]`; `n` where all
    /// are.
    public func insertionPoints(of values: Tensor) -> Tensor {
        Index.searchSorted(.tensor(self), .tensor(values))
    }
}
