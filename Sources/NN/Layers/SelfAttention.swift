public import Torch

// Axes in this file
//   B  batch      L  tokens of this forward      S  tokens attended to      A  heads      G  key and value heads
//   E  width of a head

/// Attention of a sequence to itself: multi-head, or grouped-query where heads share keys and values (arXiv 2305.13245).
public struct SelfAttention: Module {
    /// The architecture.
    public struct Configuration: Equatable, Sendable {
        /// Heads of queries.
        public var headCount: Int

        /// Heads of keys and values, a divisor of ``headCount``.
        public var keyValueHeadCount: Int

        /// Channels of a head; may differ from the sequence's channels / ``headCount``.
        public var headWidth: Int

        /// Norm of each head's queries and keys, which bounds the scores (QK norm, arXiv 2302.05442); nil for none.
        public var queryKeyNorm: NormKind?

        /// True for queries, keys and values with biases.
        public var hasBias = false

        /// True for an output with a bias.
        public var hasOutputBias = false

        /// Factor of the scores; nil for 1 / √E.
        public var scale: Double?

        /// Bound of the scores, by a tanh; nil for none.
        public var softCap: Double?

        /// Describes attention of `headCount` heads, each with keys and values of its own unless said otherwise.
        public init(headCount: Int, keyValueHeadCount: Int? = nil, headWidth: Int) {
            self.headCount = headCount
            self.keyValueHeadCount = keyValueHeadCount ?? headCount
            self.headWidth = headWidth
        }
    }

    /// The architecture.
    public let configuration: Configuration

    /// Queries, keys and values in one product: `[width]` to `[(A + 2 · G) · E]`.
    public let projection: Linear

    /// `[A · E]` to `[width]`.
    public let output: Linear

    /// Norm of each head's queries.
    public let queryNorm: (any Norm)?

    /// Norm of each head's keys.
    public let keyNorm: (any Norm)?

    /// Creates attention over `width` channels; `gain` scales the output's initial weights.
    public init(_ width: Int, _ configuration: Configuration, gain: Double = 1, device: Device = .cpu) {
        let (heads, groups, headWidth) = (
            configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth
        )
        precondition(heads % groups == 0, "\(heads) heads cannot share \(groups) keys evenly")
        self.configuration = configuration
        projection = Linear(
            width,
            (heads + 2 * groups) * headWidth,
            bias: configuration.hasBias,
            device: device
        )
        output = Linear(
            heads * headWidth,
            width,
            bias: configuration.hasOutputBias,
            gain: gain,
            device: device
        )
        queryNorm = configuration.queryKeyNorm?.makeNorm(headWidth, device: device)
        keyNorm = configuration.queryKeyNorm?.makeNorm(headWidth, device: device)
    }

    /// Creates multi-head attention with normalized queries and keys, without biases.
    public init(_ width: Int, headCount: Int, gain: Double = 1, device: Device = .cpu) {
        precondition(width % headCount == 0, "width \(width) is not a multiple of \(headCount) heads")
        var configuration = Configuration(headCount: headCount, headWidth: width / headCount)
        configuration.queryKeyNorm = .layer(epsilon: 1e-5, hasBias: false)
        self.init(width, configuration, gain: gain, device: device)
    }

    /// Queries, `[B, A, L, E]`, and the keys and values that others may attend to, `[B, G, L, E]`.
    public func heads(
        _ x: Tensor,
        angles: RotaryAngles? = nil
    ) -> (query: Tensor, key: Tensor, value: Tensor) {
        let (heads, groups) = (configuration.headCount, configuration.keyValueHeadCount)
        let parts = projection(x).reshaped(x.size(0), x.size(1), heads + 2 * groups, configuration.headWidth)
            .transposed(1, 2)
        let query = parts.narrowed(1, from: 0, count: heads)
        let key = parts.narrowed(1, from: heads, count: groups)
        return (
            turned(query, queryNorm, angles), turned(key, keyNorm, angles),
            parts.narrowed(1, from: heads + groups, count: groups)
        )
    }

    /// Heads, `[B, A or G, L, E]`, normalized and rotated.
    private func turned(_ heads: Tensor, _ norm: (any Norm)?, _ angles: RotaryAngles?) -> Tensor {
        let normalized = norm?(heads) ?? heads
        return angles?.rotate(normalized) ?? normalized
    }

    /// Attention's output, projected.
    ///
    /// - Parameters:
    ///   - query: `[B, A, L, E]`.
    ///   - key: `[B, G, S, E]`.
    ///   - value: `[B, G, S, E]`.
    ///   - mask: bool, broadcasts to `[B, 1, L, S]`; nil attends to all.
    /// - Returns: `[B, L, width]`.
    public func attend(_ query: Tensor, key: Tensor, value: Tensor, mask: Tensor?) -> Tensor {
        let (batch, length) = (query.size(0), query.size(2))
        let sharing = configuration.headCount / configuration.keyValueHeadCount
        // Keys and values may be a prefix's, of another precision than the queries of an action expert.
        let own = query.dtype == key.dtype ? query : query.to(key.dtype)
        // Heads that share a key line up as further queries of it, so that no key is copied.
        let folded = sharing == 1 ? own : own.reshaped(batch, key.size(1), sharing * length, -1)
        let read = folded.attention(
            key: key,
            value: value,
            mask: sharing == 1 ? mask : mask.map { Self.repeated($0, sharing) },
            scale: configuration.scale,
            softCap: configuration.softCap
        )
        let unfolded = sharing == 1 ? read : read.reshaped(batch, configuration.headCount, length, -1)
        let joined = unfolded.transposed(1, 2).reshaped(batch, length, -1)
        return output(query.dtype == key.dtype ? joined : joined.to(query.dtype))
    }

    /// A mask for queries that are repeated `count` times, one whole sequence after the other.
    private static func repeated(_ mask: Tensor, _ count: Int) -> Tensor {
        guard mask.size(-2) > 1 else { return mask }
        precondition(mask.rank == 4 && mask.size(1) == 1, "a mask that is the same for all heads")
        let (rows, keys) = (mask.size(2), mask.size(3))
        return mask.expanded([-1, count, rows, keys]).reshaped(mask.size(0), 1, count * rows, keys)
    }

    /// `x`, `[B, L, width]`, attending to itself under `mask` (bool, broadcast to `[B, A, L, L]`).
    public func callAsFunction(_ x: Tensor, angles: RotaryAngles? = nil, mask: Tensor? = nil) -> Tensor {
        let (query, key, value) = heads(x, angles: angles)
        return attend(query, key: key, value: value, mask: mask)
    }
}
