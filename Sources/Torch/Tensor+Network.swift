private enum Network {
    static let matmul = Operator("aten::matmul")
    static let linear = Operator("aten::linear")
    static let layerNorm = Operator("aten::layer_norm")
    static let rmsNorm = Operator("aten::rms_norm")
    static let embedding = Operator("aten::embedding")
    static let conv1d = Operator("aten::conv1d")
    static let conv2d = Operator("aten::conv2d")
    static let bilinearUpsampling = Operator("aten::upsample_bilinear2d")
    static let attention = Operator("aten::scaled_dot_product_attention")
    static let softmax = Operator("aten::softmax", "int")
    static let logSoftmax = Operator("aten::log_softmax", "int")
    static let crossEntropy = Operator("aten::cross_entropy_loss")
}

extension Tensor {
    /// The matrix product, batched over leading axes.
    public func matmul(_ other: Tensor) -> Tensor {
        Network.matmul(.tensor(self), .tensor(other)).counted(depth: size(-1), self, other)
    }

    /// `self · weightᵀ + bias`: `[..., in]` with weight `[out, in]` gives `[..., out]`.
    public func linear(weight: Tensor, bias: Tensor?) -> Tensor {
        Network.linear(.tensor(self), .tensor(weight), .optional(bias)).counted(depth: size(-1), self, weight)
    }

    /// Zero mean and unit variance over the last axis, then scale and shift.
    public func layerNorm(weight: Tensor?, bias: Tensor?, epsilon: Double) -> Tensor {
        Network.layerNorm(
            .tensor(self),
            .integers([size(-1)]),
            .optional(weight),
            .optional(bias),
            .real(epsilon)
        )
    }

    /// Unit root mean square over the last axis, then scale.
    public func rmsNorm(weight: Tensor?, epsilon: Double) -> Tensor {
        Network.rmsNorm(.tensor(self), .integers([size(-1)]), .optional(weight), .real(epsilon))
    }

    /// Rows of `table`, `[entries, width]`, at these indices: `[...]` gives `[..., width]`.
    public func embedded(in table: Tensor) -> Tensor { Network.embedding(.tensor(table), .tensor(self)) }

    /// Convolution along the last axis: `[B, in, T]` with weight `[out, in / groups, k]`.
    public func conv1d(
        weight: Tensor,
        bias: Tensor?,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1
    ) -> Tensor {
        Network.conv1d(
            .tensor(self),
            .tensor(weight),
            .optional(bias),
            .integers([stride]),
            .integers([padding]),
            [1],
            .integer(groups)
        )
        .counted(depth: weight.size(1) * weight.size(2), self, weight)
    }

    /// Convolution over the last two axes: `[B, in, h, w]` with weight `[out, in / groups, kh, kw]`.
    public func conv2d(
        weight: Tensor,
        bias: Tensor?,
        stride: [Int] = [1, 1],
        padding: [Int] = [0, 0],
        groups: Int = 1
    ) -> Tensor {
        Network.conv2d(
            .tensor(self),
            .tensor(weight),
            .optional(bias),
            .integers(stride),
            .integers(padding),
            [1, 1],
            .integer(groups)
        )
        .counted(depth: weight.size(1) * weight.size(2) * weight.size(3), self, weight)
    }

    /// Enlarges the last two axes, `[B, channels, h, w]`, to `rows` and `columns`, by bilinear interpolation between centres of pixels.
    ///
    /// Beyond the outermost centres it repeats the edge. Nothing is averaged, so that a smaller image comes of few of its pixels.
    public func enlarged(rows: Int, columns: Int) -> Tensor {
        Network.bilinearUpsampling(.tensor(self), .integers([rows, columns]), false, nil, nil)
    }

    /// softmax(scale · query · keyᵀ + mask) · value, where `self` is the query.
    ///
    /// - Parameters:
    ///   - key: `[B, A, S, E]`; the query is `[B, A, L, E]`.
    ///   - value: `[B, A, S, E]`.
    ///   - mask: Broadcasts to `[B, A, L, S]`: bool (true attends) or added to the scores; nil attends to all.
    ///   - scale: Factor of the scores; nil for 1 / √E.
    ///   - softCap: Scores are bent to `softCap · tanh(score / softCap)` before the mask is added (arXiv 2408.00118, section
    ///     2); nil leaves them.
    /// - Returns: `[B, A, L, E]`.
    public func attention(
        key: Tensor,
        value: Tensor,
        mask: Tensor? = nil,
        scale: Double? = nil,
        softCap: Double? = nil
    ) -> Tensor {
        if softCap != nil || prefersPlainProducts(keys: key.size(2)) {
            var scores = matmul(key.transposed(2, 3)) * (scale ?? 1 / Double(size(3)).squareRoot())
            if let softCap { scores = (scores / softCap).tanh() * softCap }
            let open = mask.map { mask in
                mask.dtype == .bool
                    ? scores.filled(where: mask.logicalNot(), with: -.infinity) : scores + mask
            }
            return (open ?? scores).softmax(3).matmul(value)
        }
        return Network.attention(
            .tensor(self),
            .tensor(key),
            .tensor(value),
            .optional(mask),
            .real(0),
            false,
            scale.map(Argument.real) ?? .none
        )
        // Scores, and their products with the values.
        .counted(depth: 2 * key.size(2), self, key, value)
    }

    /// Returns true if attention of this query is faster by plain products than by the fused kernel, which is made for long sequences.
    ///
    /// On a CPU, for 5 keys, they take a fifth less in single precision; in bfloat16, whose fused backward pass makes a
    /// product's plan again for every head, a fifth of the time for 48 keys.
    private func prefersPlainProducts(keys: Int) -> Bool {
        device == .cpu && keys <= (dtype == .bfloat16 ? 512 : 16)
    }

    /// Exponentials along `axis` that sum to one.
    public func softmax(_ axis: Int) -> Tensor { Network.softmax(.tensor(self), .integer(axis)) }

    /// The logarithm of ``softmax(_:)``, computed stably.
    public func logSoftmax(_ axis: Int) -> Tensor { Network.logSoftmax(.tensor(self), .integer(axis)) }

    /// Mean cross-entropy of logits `[n, classes]` against int64 `targets`, `[n]`.
    ///
    /// - Parameters:
    ///   - targets: Classes; those equal to ``ignoreIndex`` do not count.
    ///   - labelSmoothing: Fraction of the target spread over all classes.
    ///   - count: Number that the sum is divided by; nil for that of the targets that count.
    /// - Returns: A scalar.
    public func crossEntropy(
        _ targets: Tensor,
        labelSmoothing: Double = 0,
        count: Tensor? = nil
    ) -> Tensor {
        func reduced(by reduction: Int) -> Tensor {
            Network.crossEntropy(
                .tensor(self),
                .tensor(targets),
                nil,
                .integer(reduction),
                .integer(Self.ignoreIndex),
                .real(labelSmoothing)
            )
        }
        let (mean, sum) = (1, 2)
        guard let count else { return reduced(by: mean) }
        return reduced(by: sum) / count.clamped(1e-6 ... Double.infinity)
    }

    /// The class that stands for "no target", as in PyTorch.
    public static var ignoreIndex: Int { -100 }
}
