public import RobotTypes

/// A tokenizer tried on chunks: the metrics and what they were computed from.
public struct TokenizerEvaluation: Sendable {
    /// The summary.
    public let metrics: TokenizerMetrics

    /// What the tokenizer made of the chunks, normalised.
    public let reconstruction: ActionChunks

    /// Largest absolute error of every chunk, `[chunks]`.
    public let peakErrors: [Double]

    /// How often every entry of every codebook occurred.
    public let tokenCounts: [[Int]]

    private static let tolerances = ["0.01", "0.02", "0.05", "0.1"]

    /// Encodes and decodes normalised `chunks`, and compares.
    ///
    /// - Parameters:
    ///   - tokenizer: The tokenizer.
    ///   - chunks: Chunks that it was not trained on.
    ///   - timedCalls: Calls with a single chunk that are timed.
    /// - Throws: What the tokenizer throws, and ``ActionTokenizerError`` where there are no chunks.
    public init(_ tokenizer: any ActionTokenizer, on chunks: ActionChunks, timedCalls: Int = 200) throws {
        guard chunks.count > 0 else { throw ActionTokenizerError("there are no chunks to evaluate on") }
        let tokens = try tokenizer.tokens(for: chunks)
        reconstruction = try tokenizer.chunks(for: tokens)
        let errors = ReconstructionErrors(chunks, reconstruction)
        peakErrors = errors.peaks
        tokenCounts = Self.count(tokens, tokenizer)
        let lengths = tokens.map { Double($0.count) }
        let bits = tokens.map { tokenizer.bits(of: $0) }
        let scalars = Double(chunks.horizon * chunks.dimension)
        let (encode, decode) = try Self.time(tokenizer, chunks, calls: timedCalls)
        metrics = TokenizerMetrics(
            tokenizer: tokenizer.name,
            chunks: chunks.count,
            horizon: chunks.horizon,
            dimensions: chunks.dimension,
            tokensPerChunk: Self.range(lengths),
            bitsPerChunk: Self.range(bits),
            compressionRatio: scalars / Self.mean(lengths),
            bitRatio: 32 * scalars / Self.mean(bits),
            l1: errors.l1,
            l1PerDimension: errors.l1PerDimension,
            mse: errors.mse,
            vrr: TokenizerMetrics.ValidReconstruction(
                maxAbsolute: Self.shares(errors.peaks),
                l2: Self.shares(errors.stepPeaks)
            ),
            codebooks: tokenCounts.map(Self.use),
            encodeMicroseconds: encode,
            decodeMicroseconds: decode
        )
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func range(_ values: [Double]) -> TokenizerMetrics.Range {
        TokenizerMetrics.Range(mean: mean(values), max: values.max() ?? 0)
    }

    /// Share of `errors` within each tolerance.
    private static func shares(_ errors: [Double]) -> [String: Double] {
        var shares: [String: Double] = [:]
        for tolerance in tolerances {
            let limit = Double(tolerance) ?? 0
            shares[tolerance] = Double(errors.filter { $0 <= limit }.count) / Double(errors.count)
        }
        return shares
    }

    private static func count(_ tokens: [[Int]], _ tokenizer: any ActionTokenizer) -> [[Int]] {
        var counts = tokenizer.codebookSizes.map { [Int](repeating: 0, count: $0) }
        for list in tokens {
            for (position, token) in list.enumerated() {
                counts[tokenizer.codebook(ofToken: position)][token] += 1
            }
        }
        return counts
    }

    private static func time(
        _ tokenizer: any ActionTokenizer,
        _ chunks: ActionChunks,
        calls: Int
    ) throws -> (encode: TokenizerMetrics.Latency, decode: TokenizerMetrics.Latency) {
        let clock = ContinuousClock()
        var (encode, decode): ([Double], [Double]) = ([], [])
        for call in 0 ..< calls + 5 {
            let one = chunks[call % chunks.count ..< call % chunks.count + 1]
            var tokens: [[Int]] = []
            let encoding = try clock.measure { tokens = try tokenizer.tokens(for: one) }
            let decoding = try clock.measure { _ = try tokenizer.chunks(for: tokens) }
            guard call >= 5 else { continue }
            encode.append(encoding / .microseconds(1))
            decode.append(decoding / .microseconds(1))
        }
        return (latency(encode), latency(decode))
    }

    private static func latency(_ times: [Double]) -> TokenizerMetrics.Latency {
        let sorted = times.sorted()
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
        return TokenizerMetrics.Latency(p50: quantile(0.5), p99: quantile(0.99))
    }
}
