public import RobotTypes

/// Metrics of a tokenizer on chunks, with the reconstruction and the counts that they were computed from.
public struct TokenizerEvaluation: Sendable {
    /// The summary.
    public let metrics: TokenizerMetrics

    /// Reconstruction of the chunks, normalised.
    public let reconstruction: ActionChunks

    /// Largest absolute error of any value, of every chunk, `[chunks]`.
    public let peakErrors: [Double]

    /// Number of uses of every entry, by codebook.
    public let tokenCounts: [[Int]]

    /// Tolerances of valid reconstruction, as they are written.
    public static let tolerances = ["0.01", "0.02", "0.05", "0.1"]

    /// Encodes and decodes normalised `chunks`, and compares.
    ///
    /// - Parameters:
    ///   - tokenizer: The tokenizer.
    ///   - chunks: Chunks that it was not trained on.
    ///   - parts: The chunks as several processes have encoded and decoded them, in order; nil to do so here.
    ///   - timedCalls: Calls with a single chunk that are timed, spread over `chunks`.
    /// - Throws: Errors of the tokenizer, and ``ActionTokenizerError`` where there are no chunks, a value is not
    ///   finite, or the tokenizer breaks its word: another shape, a value that is not finite, a token outside its
    ///   codebook.
    public init(
        _ tokenizer: any ActionTokenizer,
        on chunks: ActionChunks,
        parts: [TokenizedChunks]? = nil,
        timedCalls: Int = 200
    ) throws {
        guard chunks.count > 0 else { throw ActionTokenizerError("there are no chunks to evaluate on") }
        let parts = try parts ?? [TokenizedChunks(tokenizer, chunks)]
        let tokens = parts.flatMap(\.tokens)
        reconstruction = ActionChunks(
            count: chunks.count,
            horizon: tokenizer.horizon,
            dimension: tokenizer.dimension,
            values: parts.flatMap(\.values)
        )
        let errors = ReconstructionErrors(chunks, reconstruction)
        peakErrors = errors.peaks
        tokenCounts = try Self.count(tokens, tokenizer)
        let lengths = tokens.map { Double($0.count) }
        let bits = tokens.map { tokenizer.bits(of: $0) }
        let steps = Self.mean(chunks.validSteps.map(Double.init))
        let scalars = steps * Double(chunks.dimension)
        let (encode, decode) = try Self.times(of: tokenizer, on: chunks, calls: timedCalls)
        metrics = TokenizerMetrics(
            tokenizer: tokenizer.name,
            chunks: chunks.count,
            horizon: chunks.horizon,
            dimensions: chunks.dimension,
            tokensPerChunk: Self.range(lengths),
            bitsPerChunk: Self.range(bits),
            compressionRatio: scalars / Self.mean(lengths),
            bitRatio: 32 * scalars / max(1, Self.mean(bits)),
            l1: errors.l1,
            l1PerDimension: errors.l1PerDimension,
            mse: errors.mse,
            vrr: TokenizerMetrics.ValidReconstruction(
                maxAbsolute: Self.fractions(errors.peaks),
                l2: Self.fractions(errors.stepPeaks)
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

    /// Fraction of `errors` within each tolerance.
    private static func fractions(_ errors: [Double]) -> [String: Double] {
        var fractions: [String: Double] = [:]
        for tolerance in tolerances {
            let limit = Double(tolerance) ?? 0
            fractions[tolerance] = Double(errors.filter { $0 <= limit }.count) / Double(errors.count)
        }
        return fractions
    }

    /// Normalised chunks of `tokens`, checked.
    ///
    /// - Throws: The tokenizer's error, and ``ActionTokenizerError`` where it returns another number of chunks, another shape or a
    ///   value that is not finite.
    public static func decode(
        _ tokens: [[Int]],
        _ tokenizer: any ActionTokenizer,
        count: Int
    ) throws -> ActionChunks {
        try checked(tokenizer.chunks(for: tokens), tokenizer, count: count)
    }

    /// Normalised chunks of the tokens of the first codebooks, for every number that decodes, checked.
    ///
    /// - Throws: As ``decode(_:_:count:)``.
    public static func decodePrefixes(
        _ tokens: [[Int]],
        _ tokenizer: any ActionTokenizer,
        count: Int
    ) throws -> [ActionChunks] {
        try tokenizer.chunks(forPrefixesOf: tokens).map { try checked($0, tokenizer, count: count) }
    }

    private static func checked(
        _ chunks: ActionChunks,
        _ tokenizer: any ActionTokenizer,
        count: Int
    ) throws -> ActionChunks {
        guard chunks.count == count else {
            throw ActionTokenizerError(
                "\(tokenizer.name) returned \(chunks.count) chunks, expected \(count)"
            )
        }
        do {
            try tokenizer.check(chunks)
        } catch {
            throw ActionTokenizerError("\(tokenizer.name) returned \(error)")
        }
        return chunks
    }

    /// Number of uses in `tokens` of every entry, by codebook.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk with a token outside its codebook.
    public static func count(_ tokens: [[Int]], _ tokenizer: any ActionTokenizer) throws -> [[Int]] {
        var counts = tokenizer.codebookSizes.map { [Int](repeating: 0, count: $0) }
        for (chunk, list) in tokens.enumerated() {
            for (position, token) in list.enumerated() {
                let codebook = tokenizer.codebook(ofToken: position)
                guard counts.indices.contains(codebook), counts[codebook].indices.contains(token) else {
                    throw ActionTokenizerError(
                        "\(tokenizer.name) gave chunk \(chunk) the token \(token) at \(position), which is not in "
                            + "codebook \(codebook)"
                    )
                }
                counts[codebook][token] += 1
            }
        }
        return counts
    }

    /// Time that one chunk takes to encode and to decode.
    ///
    /// - Parameters:
    ///   - tokenizer: The tokenizer.
    ///   - chunks: Normalised chunks, over which the calls are spread.
    ///   - calls: Calls that are timed, each with a single chunk, after a few that are not.
    /// - Returns: Both times, over the calls.
    /// - Throws: Errors of the tokenizer.
    public static func times(
        of tokenizer: any ActionTokenizer,
        on chunks: ActionChunks,
        calls: Int = 200
    ) throws -> (encode: TokenizerMetrics.Latency, decode: TokenizerMetrics.Latency) {
        let clock = ContinuousClock()
        var (encode, decode): ([Double], [Double]) = ([], [])
        let warmUp = 5
        for call in 0 ..< calls + warmUp {
            let index = call * chunks.count / (calls + warmUp)
            let one = chunks[index ..< index + 1]
            var tokens: [[Int]] = []
            let encoding = try clock.measure { tokens = try tokenizer.tokens(for: one) }
            let decoding = try clock.measure { _ = try tokenizer.chunks(for: tokens) }
            guard call >= warmUp else { continue }
            encode.append(encoding / .microseconds(1))
            decode.append(decoding / .microseconds(1))
        }
        return (latency(encode), latency(decode))
    }

    private static func latency(_ times: [Double]) -> TokenizerMetrics.Latency {
        let sorted = times.sorted()
        func quantile(_ fraction: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
        }
        return TokenizerMetrics.Latency(p50: quantile(0.5), p99: quantile(0.99))
    }
}
