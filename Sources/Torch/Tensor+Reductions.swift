private enum Reduce {
    static let sumAll = Operator("aten::sum")
    static let sum = Operator("aten::sum", "dim_IntList")
    static let meanAll = Operator("aten::mean")
    static let mean = Operator("aten::mean", "dim")
    static let amax = Operator("aten::amax")
    static let amin = Operator("aten::amin")
    static let argmax = Operator("aten::argmax")
    static let argmin = Operator("aten::argmin")
    static let all = Operator("aten::all")
    static let cumsum = Operator("aten::cumsum")
    static let topk = Operator("aten::topk")
    static let bincount = Operator("aten::bincount")
    static let norm = Operator("aten::linalg_vector_norm")
}

extension Tensor {
    /// The sum of all elements.
    public func sum() -> Tensor { Reduce.sumAll(.tensor(self)) }

    /// The sum over `axes`.
    public func sum(_ axes: Int..., keepingAxes: Bool = false) -> Tensor {
        Reduce.sum(.tensor(self), .integers(axes), .boolean(keepingAxes))
    }

    /// The mean of all elements.
    public func mean() -> Tensor { Reduce.meanAll(.tensor(self)) }

    /// The mean over `axes`.
    public func mean(_ axes: Int..., keepingAxes: Bool = false) -> Tensor {
        Reduce.mean(.tensor(self), .integers(axes), .boolean(keepingAxes))
    }

    /// The largest element over `axes`; over all without any.
    public func max(_ axes: Int..., keepingAxes: Bool = false) -> Tensor {
        Reduce.amax(.tensor(self), .integers(axes), .boolean(keepingAxes))
    }

    /// The smallest element over `axes`; over all without any.
    public func min(_ axes: Int..., keepingAxes: Bool = false) -> Tensor {
        Reduce.amin(.tensor(self), .integers(axes), .boolean(keepingAxes))
    }

    /// Index of the largest element along `axis`, int64.
    public func argmax(_ axis: Int) -> Tensor { Reduce.argmax(.tensor(self), .integer(axis)) }

    /// Index of the smallest element along `axis`, int64.
    public func argmin(_ axis: Int) -> Tensor { Reduce.argmin(.tensor(self), .integer(axis)) }

    /// Bool scalar: true if all elements are.
    public func all() -> Tensor { Reduce.all(.tensor(self)) }

    /// Running sums along `axis`.
    public func cumulativeSum(_ axis: Int) -> Tensor { Reduce.cumsum(.tensor(self), .integer(axis)) }

    /// The `count` largest elements along the last axis, in falling order, and their indices.
    public func topK(_ count: Int) -> (values: Tensor, indices: Tensor) {
        let results = Reduce.topk.results(.tensor(self), .integer(count))
        return (results[0], results[1])
    }

    /// Euclidean length over all elements.
    public func norm() -> Tensor { Reduce.norm(.tensor(self)) }

    /// Number of occurrences of each integer of `0 ..< minimumLength` (or more), int64.
    public func bincount(minimumLength: Int) -> Tensor {
        Reduce.bincount(.tensor(self), nil, .integer(minimumLength))
    }
}
