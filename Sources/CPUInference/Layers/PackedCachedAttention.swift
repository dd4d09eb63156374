internal import CKernels

/// Attention of a few new places to each other and to all that a cache holds, with normalized, rotated queries and keys.
public struct PackedCachedAttention: Sendable {
    /// Memory of one layer of a cache: keys and values of every head, `[motions, heads, room, width]`, as far as they are
    /// filled.
    public struct Cache {
        let keys: UnsafeMutablePointer<Float>
        let values: UnsafeMutablePointer<Float>
        let room: Int
        let filled: Int

        /// Lends `keys` and `values`, each `[motions, heads, room, width]`, of which `filled` places a head are in use.
        public init(
            keys: UnsafeMutablePointer<Float>,
            values: UnsafeMutablePointer<Float>,
            room: Int,
            filled: Int
        ) {
            (self.keys, self.values, self.room, self.filled) = (keys, values, room, filled)
        }
    }

    private let headCount: Int
    private let queryNorm: [Float]
    private let keyNorm: [Float]
    private let epsilon: Float

    /// Prepares attention with `headCount` heads, as wide as the norms' scales.
    public init(headCount: Int, queryNorm: [Float], keyNorm: [Float], epsilon: Double) {
        (self.headCount, self.queryNorm, self.keyNorm) = (headCount, queryNorm, keyNorm)
        self.epsilon = Float(epsilon)
    }

    /// What the new places of one or several motions read; their keys and values go into the cache, after those that it
    /// holds.
    ///
    /// - Parameters:
    ///   - joined: Queries, keys and values, `[motions · places, 3 · heads · width]`.
    ///   - cosines: Of the places' angles, the same for every motion, `[places, width / 2]`.
    ///   - sines: The same.
    ///   - cache: Room for the places.
    /// - Returns: `[motions · places, heads · width]`.
    public func callAsFunction(_ joined: consuming Rows, cosines: Rows, sines: Rows, cache: Cache) -> Rows {
        let (places, width) = (cosines.count, queryNorm.count)
        let (stride, joint) = (joined.width, headCount * queryNorm.count)
        precondition(
            stride == 3 * joint && cosines.width * 2 == width && joined.count % places == 0,
            "other widths"
        )
        precondition(cache.filled + places <= cache.room, "a cache without room")
        let motions = joined.count / places
        var answers = Rows(count: joined.count, width: joint)
        joined.values.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return }
            for index in 0 ..< motions * places {
                let (motion, place) = index.quotientAndRemainder(dividingBy: places)
                let row = first + index * stride
                turn(row, queryNorm, place, cosines, sines)
                turn(row + joint, keyNorm, place, cosines, sines)
                for head in 0 ..< headCount {
                    let target = ((motion * headCount + head) * cache.room + cache.filled + place) * width
                    (cache.keys + target).update(from: row + joint + head * width, count: width)
                    (cache.values + target).update(from: row + 2 * joint + head * width, count: width)
                }
            }
            let count = cache.filled + places
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scores in
                answers.values.withUnsafeMutableBufferPointer { answers in
                    guard let answers = answers.baseAddress, let scores = scores.baseAddress else { return }
                    for motion in 0 ..< motions {
                        let held = motion * headCount * cache.room * width
                        kernel_attend_cached(
                            first + motion * places * stride,
                            stride,
                            places,
                            cache.keys + held,
                            cache.values + held,
                            cache.room * width,
                            count,
                            headCount,
                            width,
                            scores,
                            answers + motion * places * joint
                        )
                    }
                }
            }
        }
        return answers
    }

    /// Normalizes and rotates the heads of one place.
    private func turn(
        _ heads: UnsafeMutablePointer<Float>,
        _ norm: [Float],
        _ place: Int,
        _ cosines: Rows,
        _ sines: Rows
    ) {
        kernel_normalize(heads, headCount, norm.count, norm, epsilon, heads)
        cosines.values.withUnsafeBufferPointer { cosines in
            sines.values.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                let offset = place * norm.count / 2
                kernel_rotate(heads, headCount, norm.count, cosines + offset, sines + offset)
            }
        }
    }
}
