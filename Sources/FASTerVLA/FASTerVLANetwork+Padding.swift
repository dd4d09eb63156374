internal import Backbones
internal import NN
internal import Torch

extension FASTerVLANetwork {
    /// Returns false for a batch in which examples do not get what they get alone: layers with a sliding window count the tokens in
    /// it, padding too, so a prompt that is padded beyond the window sees less of its own.
    func isIndependent(_ input: PrefixInput) -> Bool {
        guard input.tokenMask != nil else { return true }
        let length = input.tokens.size(1) + (blockHead?.configuration.schedule.tokenCount ?? 0)
        return backbone.layerConfigurations.allSatisfy { $0.slidingWindow.map { $0 >= length } ?? true }
    }
}
