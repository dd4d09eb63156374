internal import Torch

// Axes in this file
//   B  batch      L  tokens of a prompt

/// Positions of prompts' tokens, and which of them others attend to.
public struct PromptLayout: Sendable {
    /// Rotary positions, int64 `[B or 1, L]`, or `[3, B, L]` by time, row and column.
    let positions: Tensor

    /// Rotary position of the token after every prompt, int64 `[B or 1]`.
    let nextPosition: Tensor

    /// True for tokens that others attend to, bool `[B, L]`: no padding, no image that is absent; nil for all.
    let isSeen: Tensor?

    /// Describes a layout.
    init(positions: Tensor, nextPosition: Tensor, isSeen: Tensor?) {
        (self.positions, self.nextPosition, self.isSeen) = (positions, nextPosition, isSeen)
    }

    /// Lays out the tokens of `input` by positions counted from `first`; tokens that are not seen take up none.
    ///
    /// - Parameters:
    ///   - input: Prompts.
    ///   - placeholder: Token id that image tokens take the place of.
    ///   - tokensPerImage: Number of tokens of an image of every camera; further cameras are as the last one.
    ///   - first: Position of the first token.
    init(_ input: PrefixInput, placeholder: Int, tokensPerImage: [Int], first: Int = 0) {
        isSeen = Self.seenTokens(input, placeholder, tokensPerImage)
        let range = first ..< first + input.tokens.size(1)
        positions =
            isSeen.map { $0.to(.int64).cumulativeSum(1) + Double(first - 1) }
            ?? Tensor.arange(range, device: input.tokens.device).unsqueezed(0)
        nextPosition = positions.narrowed(1, from: positions.size(1) - 1, count: 1).squeezed(1) + 1
    }

    private static func seenTokens(
        _ input: PrefixInput,
        _ placeholder: Int,
        _ tokensPerImage: [Int]
    ) -> Tensor? {
        guard let hasImage = input.hasImage else { return input.tokenMask }
        let isImage = input.tokens.equal(Double(placeholder))
        // Placeholders of a prompt are counted through; so many belong to each camera.
        let index = isImage.to(.int64).cumulativeSum(1) - isImage.to(.int64)
        let cameras = (0 ..< hasImage.size(1)).flatMap { camera in
            let last = tokensPerImage.count - 1
            return Array(repeating: camera, count: last < 0 ? 1 : tokensPerImage[min(camera, last)])
        }
        let last = Tensor.scalar(Double(cameras.count - 1), dtype: .int64, device: index.device)
        let table = Tensor(cameras, shape: [1, cameras.count], device: index.device)
        let camera = table.expanded([index.size(0), -1]).gather(axis: 1, index.minimum(last))
        let isPresent = hasImage.gather(axis: 1, camera)
        let isSeen = isPresent.or(isImage.logicalNot())
        return input.tokenMask.map { $0.and(isSeen) } ?? isSeen
    }

    /// Mask of keys, bool `[B, 1, 1, L]`; nil for all.
    var keyMask: Tensor? { isSeen?.unsqueezed(1).unsqueezed(1) }

    /// Causal mask, bool `[B or 1, 1, L, L]`.
    ///
    /// A token that no other sees still attends to itself, as a row of scores without any has no softmax.
    var causalMask: Tensor {
        let causal = Tensor.causalMask(positions.size(-1), device: positions.device)
        guard let keyMask else { return causal }
        let itself = causal.and(causal.transposed(2, 3))
        return causal.and(keyMask.or(itself))
    }
}
