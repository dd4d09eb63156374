internal import CKernels

/// Attention of a few new tokens to each other and to a KV cache, with normalized, rotated queries and keys.
public struct PackedCachedAttention: Sendable {
    /// Memory of one layer of a cache: keys and values of every head, `[batch, heads, room, width]`, as far as they are
    /// filled.
    public struct Cache {
        let keys: UnsafeMutablePointer<Float>
        let values: UnsafeMutablePointer<Float>
        let room: Int
        let filled: Int

        /// Numbers of an element of the batch: heads · room · width.
        let elementCount: Int

        /// Added to the scores of every element's tokens, those of this forward included, `[batch][filled + tokens]`: 0, or minus infinity
        /// for padding; nil without padding.
        var biases: [[Float]]?

        /// Lends `keys` and `values`, each `[batch, heads, room, width]`, of which `filled` tokens a head are in use.
        public init(
            keys: UnsafeMutablePointer<Float>,
            values: UnsafeMutablePointer<Float>,
            room: Int,
            filled: Int,
            elementCount: Int,
            biases: [[Float]]? = nil
        ) {
            (self.keys, self.values, self.room, self.filled) = (keys, values, room, filled)
            (self.elementCount, self.biases) = (elementCount, biases)
        }

        /// The memory from an element of the batch on.
        func from(element: Int) -> Cache {
            let offset = element * elementCount
            return Cache(
                keys: keys + offset,
                values: values + offset,
                room: room,
                filled: filled,
                elementCount: elementCount,
                biases: biases.map { Array($0[element...]) }
            )
        }
    }

    /// Numbers of a token's keys: heads · width.
    var keyWidth: Int { headCount * queryNorm.count }

    private let headCount: Int
    private let queryNorm: [Float]
    private let keyNorm: [Float]
    private let epsilon: Float

    /// Prepares attention with `headCount` heads, as wide as the norms' scales.
    public init(headCount: Int, queryNorm: [Float], keyNorm: [Float], epsilon: Double) {
        (self.headCount, self.queryNorm, self.keyNorm) = (headCount, queryNorm, keyNorm)
        self.epsilon = Float(epsilon)
    }

    /// Attends; keys and values of the new tokens go into the cache, after those that it holds.
    ///
    /// - Parameters:
    ///   - joined: Queries, keys and values, `[batch · tokens, 3 · heads · width]`.
    ///   - angles: Rotary angles of the tokens, the same for the whole batch; nil for position 0.
    ///   - tokens: Tokens of an element of the batch.
    ///   - cache: Cache with room for the tokens.
    /// - Returns: `[batch · tokens, heads · width]`.
    func callAsFunction(_ joined: consuming Rows, angles: PackedAngles?, tokens: Int, cache: Cache) -> Rows {
        let width = queryNorm.count
        let (stride, joint) = (joined.width, keyWidth)
        precondition(
            stride == 3 * joint && joined.count % tokens == 0
                && (angles.map { $0.cosines.count * 2 == tokens * width } ?? true),
            "other widths"
        )
        precondition(
            cache.filled + tokens <= cache.room && cache.elementCount == cache.room * joint,
            "a cache without room"
        )
        let batch = joined.count / tokens
        var outputs = Rows(count: joined.count, width: joint)
        joined.values.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return }
            for index in 0 ..< batch * tokens {
                let (element, token) = index.quotientAndRemainder(dividingBy: tokens)
                let row = first + index * stride
                turn(row, queryNorm, token, angles)
                turn(row + joint, keyNorm, token, angles)
                for head in 0 ..< headCount {
                    let target = ((element * headCount + head) * cache.room + cache.filled + token) * width
                    (cache.keys + target).update(from: row + joint + head * width, count: width)
                    (cache.values + target).update(from: row + 2 * joint + head * width, count: width)
                }
            }
            let count = cache.filled + tokens
            withUnsafeTemporaryAllocation(of: Float.self, capacity: PackedLinear.filled(count)) { scores in
                outputs.values.withUnsafeMutableBufferPointer { outputs in
                    guard let outputs = outputs.baseAddress, let scores = scores.baseAddress else { return }
                    for element in 0 ..< batch {
                        let held = element * cache.elementCount
                        withBias(of: element, cache) { bias in
                            kernel_attend_cached(
                                first + element * tokens * stride,
                                stride,
                                tokens,
                                cache.keys + held,
                                cache.values + held,
                                cache.room * width,
                                count,
                                bias,
                                headCount,
                                width,
                                scores,
                                outputs + element * tokens * joint
                            )
                        }
                    }
                }
            }
        }
        return outputs
    }

    /// Lends the bias of an element, or nil where there is none.
    private func withBias(of element: Int, _ cache: Cache, _ body: (UnsafePointer<Float>?) -> Void) {
        guard let biases = cache.biases else { return body(nil) }
        biases[element].withUnsafeBufferPointer { body($0.baseAddress) }
    }

    /// Normalizes and rotates the heads of one token.
    private func turn(
        _ heads: UnsafeMutablePointer<Float>,
        _ norm: [Float],
        _ token: Int,
        _ angles: PackedAngles?
    ) {
        kernel_normalize(heads, headCount, norm.count, norm, epsilon, heads)
        guard let angles else { return }
        angles.cosines.withUnsafeBufferPointer { cosines in
            angles.sines.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                let offset = token * norm.count / 2
                kernel_rotate(heads, headCount, norm.count, cosines + offset, sines + offset)
            }
        }
    }
}
