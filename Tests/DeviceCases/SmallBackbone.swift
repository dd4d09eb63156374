internal import NN
public import Torch

@testable public import Backbones

/// A published architecture, small and with random weights.
public enum SmallBackbone: String, CaseIterable, Sendable {
    case paliGemma, paliGemma2, smolVLM, internVL, qwen25VL

    /// Rows and columns of an image; patches, and cells of patches, have 4.
    static let side = 8

    private func vision(_ vision: inout SiglipEncoder.Configuration) {
        (vision.width, vision.headCount, vision.layerCount, vision.feedForwardWidth) = (12, 2, 1, 20)
        (vision.imageSize, vision.patchSize) = (Self.side, 4)
    }

    private func language(_ family: CausalLanguageModel.Configuration.Family)
        -> CausalLanguageModel.Configuration
    {
        var language = CausalLanguageModel.Configuration(family)
        (language.vocabularySize, language.width, language.layerCount) = (40, 16, 3)
        (language.headCount, language.keyValueHeadCount, language.headWidth) = (4, 2, 8)
        language.feedForwardWidth = 24
        return language
    }

    /// The backbone.
    public func backbone(on device: Device = .cpu) -> any PretrainedBackbone {
        switch self {
        case .paliGemma, .paliGemma2:
            var configuration = PaliGemma.Configuration()
            vision(&configuration.vision)
            (configuration.vocabularySize, configuration.imageToken) = (40, 39)
            (configuration.width, configuration.layerCount) = (16, 3)
            configuration.feedForwardWidth = 24
            (configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth) = (
                4, 1, 8
            )
            guard self == .paliGemma2 else { return PaliGemma(configuration, device: device) }
            (configuration.family, configuration.queryScalar) = (.gemma2, 12)
            (configuration.attentionSoftCap, configuration.logitSoftCap) = (2, 1)
            (configuration.slidingWindow, configuration.slidingLayers) = (6, [0, 2])
            return PaliGemma(configuration, device: device)
        case .smolVLM:
            var configuration = SmolVLM.Configuration()
            vision(&configuration.vision)
            (configuration.language, configuration.imageToken) = (language(.llama), 39)
            return SmolVLM(configuration, device: device)
        case .internVL:
            var configuration = InternVL.Configuration()
            configuration.vision.width = 12
            (configuration.vision.headCount, configuration.vision.layerCount) = (2, 1)
            configuration.vision.feedForwardWidth = 20
            (configuration.vision.imageSize, configuration.vision.patchSize) = (Self.side, 4)
            (configuration.language, configuration.imageToken) = (language(.qwen3), 39)
            return InternVL(configuration, device: device)
        case .qwen25VL:
            var configuration = Qwen25VL.Configuration()
            (configuration.vision.width, configuration.vision.outputWidth) = (16, 16)
            (configuration.vision.headCount, configuration.vision.layerCount) = (2, 2)
            (configuration.vision.feedForwardWidth, configuration.vision.fullAttentionLayers) = (20, [1])
            // Windows of one cell.
            (configuration.vision.patchSize, configuration.vision.windowSize) = (2, 4)
            (configuration.language, configuration.imageToken) = (language(.qwen2), 39)
            configuration.language.rotarySections = [1, 1, 2]
            return Qwen25VL(configuration, device: device)
        }
    }

    /// Tokens of an image.
    private var imageTokens: Int {
        switch self {
        case .paliGemma, .paliGemma2, .qwen25VL: 4
        case .smolVLM, .internVL: 1
        }
    }

    /// Two prompts of two images; the second one is shorter, and lacks its second image.
    public func input(dtype: DType = .float32, on device: Device = .cpu) -> PrefixInput {
        Torch.seed(12)
        let placeholders = [Int](repeating: 39, count: 2 * imageTokens)
        let rows = placeholders + [3, 4, 5, 6] + placeholders + [3, 7, 0, 0]
        let isReal = (0 ..< rows.count).map { $0 < rows.count - 2 }
        let shape = [2, rows.count / 2]
        let hasImage = [true, true, true, false]
        var input = PrefixInput(
            tokens: Tensor(rows, shape: shape, device: device),
            tokenMask: Tensor(isReal, shape: shape, device: device),
            hasImage: Tensor(hasImage, shape: [2, 2], device: device)
        )
        // Prompts in host memory, as a processor gives them: no read from the device.
        if device != .cpu { input.prompts = HostPrompts(tokens: rows, isReal: isReal, hasImage: hasImage) }
        guard self == .qwen25VL else {
            input.images = (0 ..< 2).map { _ in
                .randn([2, 3, Self.side, Self.side], device: device).to(dtype)
            }
            return input
        }
        input.images = [.randn([4 * 16, 3 * 2 * 2 * 2], device: device).to(dtype)]
        input.grids = Array(repeating: ImageGrid(rows: 4, columns: 4), count: 4)
        return input
    }
}
