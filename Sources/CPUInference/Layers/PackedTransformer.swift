internal import CKernels

/// Pre-norm transformer blocks over the rows of sequences, of which those of one see each other.
///
/// A sequence has 5 to 40 rows here. For so few, a block through libtorch costs more in calls than in arithmetic.
public struct PackedTransformer: Sendable {
    /// One block.
    public struct Block: Sendable {
        /// Scale of the norm before attention, `[width]`.
        public let attentionNorm: [Float]
        /// To queries, keys and values.
        public let projection: PackedLinear
        /// Scale of each head's queries' norm.
        public let queryNorm: [Float]
        /// Scale of each head's keys' norm.
        public let keyNorm: [Float]
        /// From heads.
        public let output: PackedLinear
        /// Scale of the norm before the feed-forward network, `[width]`.
        public let feedForwardNorm: [Float]
        /// Its first layer.
        public let up: PackedLinear
        /// Its second layer.
        public let down: PackedLinear

        /// Puts a block together.
        public init(
            attentionNorm: [Float],
            projection: PackedLinear,
            queryNorm: [Float],
            keyNorm: [Float],
            output: PackedLinear,
            feedForwardNorm: [Float],
            up: PackedLinear,
            down: PackedLinear
        ) {
            (self.attentionNorm, self.projection) = (attentionNorm, projection)
            (self.queryNorm, self.keyNorm, self.output) = (queryNorm, keyNorm, output)
            (self.feedForwardNorm, self.up, self.down) = (feedForwardNorm, up, down)
        }
    }

    private let blocks: [Block]
    private let norm: [Float]
    private let epsilon: Float
    private let headEpsilon: Float

    /// Puts blocks together.
    ///
    /// - Parameters:
    ///   - blocks: In the order in which rows pass them.
    ///   - norm: Scale of the norm after the last block, `[width]`.
    ///   - epsilon: Added to the variances of rows.
    ///   - headEpsilon: Added to those of queries and keys.
    public init(_ blocks: [Block], norm: [Float], epsilon: Double, headEpsilon: Double) {
        (self.blocks, self.norm) = (blocks, norm)
        (self.epsilon, self.headEpsilon) = (Float(epsilon), Float(headEpsilon))
    }

    /// The rows after all blocks and the last norm: of sequences of `length` rows, one after the other; nil for one.
    public func callAsFunction(_ x: Rows, length: Int? = nil) -> Rows {
        var x = x
        for block in blocks {
            var joined = block.projection(x.normalized(scale: block.attentionNorm, epsilon: epsilon))
            let headWidth = block.queryNorm.count
            let heads = joined.width / (3 * headWidth)
            var outputs = Rows(count: x.count, width: heads * headWidth)
            normalizeHeads(of: &joined, block, heads: heads)
            attend(joined, heads: heads, length: length ?? x.count, to: &outputs)
            block.output.add(outputs, to: &x)
            var hidden = block.up(x.normalized(scale: block.feedForwardNorm, epsilon: epsilon))
            hidden.applyGelu()
            block.down.add(hidden, to: &x)
        }
        return x.normalized(scale: norm, epsilon: epsilon)
    }

    private func normalizeHeads(of joined: inout Rows, _ block: Block, heads: Int) {
        let (rows, stride, width) = (joined.count, joined.width, block.queryNorm.count)
        joined.values.withUnsafeMutableBufferPointer { values in
            guard let first = values.baseAddress else { return }
            for row in 0 ..< rows {
                let queries = first + row * stride
                kernel_normalize(queries, heads, width, block.queryNorm, headEpsilon, queries)
                let keys = queries + heads * width
                kernel_normalize(keys, heads, width, block.keyNorm, headEpsilon, keys)
            }
        }
    }

    private func attend(_ joined: Rows, heads: Int, length: Int, to outputs: inout Rows) {
        let width = outputs.width
        precondition(joined.count % length == 0, "rows that do not fill sequences of \(length)")
        withUnsafeTemporaryAllocation(of: Float.self, capacity: PackedLinear.filled(length)) { scores in
            joined.values.withUnsafeBufferPointer { joint in
                outputs.values.withUnsafeMutableBufferPointer { outputs in
                    guard let joint = joint.baseAddress, let outputs = outputs.baseAddress,
                        let scores = scores.baseAddress
                    else { return }
                    for first in stride(from: 0, to: joined.count, by: length) {
                        kernel_attend(
                            joint + first * joined.width,
                            length,
                            heads,
                            width / heads,
                            scores,
                            outputs + first * width
                        )
                    }
                }
            }
        }
    }
}
