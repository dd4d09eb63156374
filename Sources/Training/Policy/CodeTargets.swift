internal import ActionTokenizers
internal import FASTerVLA
internal import RobotTypes
internal import Torch

/// Codes that a head is trained to predict for chunks.
struct CodeTargets {
    /// `[chunks, codes of a chunk]`, `Tensor.ignoreIndex` where there is nothing to predict: at latent positions beyond the end of an
    /// episode, at those that the robot's tokenizer lacks beside that of a larger robot, and after the end of a sequence.
    let codes: [Int]

    /// Number of leading codebooks that each chunk needs, `[chunks]`; nil for heads that end no chunk early.
    ///
    /// Later codebooks are targets all the same: the policy can decode whole grids, too.
    let requiredCodebooks: [Int]?

    /// Encodes normalised `chunks`; nil for heads that predict values.
    ///
    /// - Throws: The tokenizer's errors.
    init?(_ chunks: ActionChunks, _ coding: ActionCoding, _ head: ActionHead.Configuration) throws {
        guard case .blocks(let head) = head, let tokenizer = coding.tokenizer else { return nil }
        let tokens = try tokenizer.tokens(for: chunks)
        requiredCodebooks = try head.earlyEnd.map { end in
            try EarlyEndedChunks(tokens, of: chunks, tokenizer, tolerance: end.tolerance).codebooks
        }
        let (count, positions) = (head.schedule.tokenCount, head.schedule.latentPositionCount)
        let own = tokenizer.layout.latentPositionCount ?? positions
        let isValid = tokenizer.validityMask(chunks.validSteps)
        codes = tokens.enumerated().flatMap { chunk, tokens in
            if head.isVariableLength {
                let end = tokens.count < count ? [head.codebookSize] : []
                let targets = Array(tokens.prefix(count)) + end
                return targets + Array(repeating: Tensor.ignoreIndex, count: count - targets.count)
            }
            return (0 ..< count).map { index in
                let (codebook, position) = (index / positions, index % positions)
                guard position < own, isValid[chunk * own + position] else { return Tensor.ignoreIndex }
                return tokens[codebook * own + position]
            }
        }
    }
}
