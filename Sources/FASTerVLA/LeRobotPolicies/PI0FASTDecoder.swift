internal import ActionTokenizers
internal import Backbones
internal import TextTokenizers
internal import Torch

// Axes in this file
//   L  tokens of this forward      S  tokens of the prefix

/// Chunks from a prefix, token by token, with a KV cache, such that every sequence decodes.
///
/// After the mark `Action: `, a token is the most probable one of those that can follow: FAST's tokens whose bytes continue
/// the text, and the end `|` after a whole character. LeRobot takes the most probable one of all, and gives a chunk of
/// zeros where some token has no meaning; both choose the same tokens wherever all of LeRobot's have one.
struct PI0FASTDecoder {
    /// Tokens that actions are written in.
    struct Words {
        /// Token that begins the answer, and those of `Action: `.
        let start: [Int]
        /// Token of `|`.
        let end: Int
        /// Text tokens that stand for FAST's, each with its bytes.
        let actions: [(token: Int, bytes: [UInt8])]

        /// Finds FAST's tokens among those of a text tokenizer: backwards from its end, of which `skipped` stay free.
        ///
        /// - Throws: `PretrainedError` for a text tokenizer that is not PaliGemma's.
        init(_ text: TextTokenizer, _ vocabulary: FASTVocabulary, skipped: Int, rows: Int, named name: String)
            throws
        {
            guard let beginning = text.roles.beginning, let end = text.identifier(of: "|") else {
                throw PretrainedError(
                    file: name,
                    reason:
                        "the text tokenizer should have a token that begins a text and the token '|'; it lacks one"
                )
            }
            start = [beginning] + (try text.encoded("Action: ", addsSpecialTokens: false))
            self.end = end
            actions = vocabulary.bytes.enumerated().compactMap { index, bytes in
                let token = text.pieceCount - 1 - skipped - index
                guard let bytes, (0 ..< rows).contains(token), token != end else { return nil }
                return (token, bytes)
            }
            guard !actions.isEmpty, rows > (start + [end]).max() ?? 0 else {
                throw PretrainedError(
                    file: name,
                    reason:
                        "the text tokenizer has \(text.pieceCount) tokens, and the network \(rows): they do not belong together"
                )
            }
        }
    }

    /// A decoded answer.
    struct Answer {
        /// Text tokens after the mark, without the end.
        var tokens: [Int] = []
        /// What they spell.
        var text = CharacterStream()
        /// Latency of every forward.
        var times: [Duration] = []
    }

    private let network: PaliGemma
    private let words: Words
    /// Rows of the output head: FAST's tokens, then the end.
    private let head: Tensor
    /// Number of coefficients of a chunk.
    private let size: Int
    /// Most tokens after the mark.
    private let limit: Int

    /// Prepares to decode chunks of `size` coefficients from at most `length` tokens, those of the mark included.
    init(_ network: PaliGemma, _ words: Words, size: Int, length: Int, device: Device) {
        (self.network, self.words, self.size) = (network, words, size)
        limit = length - words.start.count + 1
        let rows = words.actions.map(\.token) + [words.end]
        head = network.headRows(Tensor(rows, shape: [rows.count], device: device))
    }

    /// Decodes the answer to a prefix of one observation, which ends in the token that begins the answer.
    ///
    /// It ends with the token for the end, with enough coefficients for a chunk, or with the most tokens that there may be.
    func answer(after prefix: Prefix) -> Answer {
        var answer = Answer()
        var stopwatch = Stopwatch(prefix.device)
        var cache = KeyValueCache(prefix, roomFor: words.start.count + max(0, limit))
        // The prefix holds keys and values only. Its last token sees all of them, so that it can be computed again.
        cache.forget(1)
        var position = prefix.nextPosition - 1
        var next = words.start
        while answer.tokens.count < limit, answer.text.characters.count < size {
            let features = network.decode(
                network.embeddings(ofWords: Tensor(next, shape: [1, next.count], device: prefix.device)),
                positions: position.unsqueezed(1) + Tensor.arange(0 ..< next.count, device: prefix.device),
                cache: &cache,
                mask: Self.mask(next.count, after: prefix)
            )
            let scores = features.narrowed(1, from: next.count - 1, count: 1).linear(weight: head, bias: nil)
            let choice = choice(scores.to(.float32).floats, after: answer.text)
            answer.times.append(stopwatch.lap())
            guard let choice else { break }
            answer.tokens.append(words.actions[choice].token)
            answer.text.append(words.actions[choice].bytes)
            position = position + Double(next.count)
            next = [words.actions[choice].token]
        }
        return answer
    }

    /// Index of the most probable of FAST's tokens that can follow `text`; nil for the end.
    private func choice(_ scores: [Float], after text: CharacterStream) -> Int? {
        var best: Int?
        var bestScore = text.isWhole ? scores[words.actions.count] : -.infinity
        for (index, action) in words.actions.enumerated()
        where scores[index] > bestScore && text.accepts(action.bytes) {
            (best, bestScore) = (index, scores[index])
        }
        return best
    }

    /// Mask of `count` tokens in a row, bool `[1, 1, L, S - 1 + L]`; nil for one, which sees all.
    private static func mask(_ count: Int, after prefix: Prefix) -> Tensor? {
        guard count > 1 else { return nil }
        let open = Tensor.ones([1, 1, count, prefix.length - 1], dtype: .bool, device: prefix.device)
        return .concatenated([open, .causalMask(count, device: prefix.device)], axis: 3)
    }
}
