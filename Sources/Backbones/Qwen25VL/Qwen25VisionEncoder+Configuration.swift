public import NN

extension Qwen25VisionEncoder {
    /// The architecture, with the defaults of the published class.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels of a patch.
        public var width = 3584

        /// Number of layers.
        public var layerCount = 32

        /// Attention heads of a layer.
        public var headCount = 16

        /// Channels of the gated feed-forward networks.
        public var feedForwardWidth = 3420

        /// Non-linearity of the gates.
        public var activation = Activation.silu

        /// Channels of a pixel.
        public var channelCount = 3

        /// Rows and columns of a patch.
        public var patchSize = 14

        /// Frames of a patch; an image is repeated as often.
        public var frameCount = 2

        /// Rows and columns of patches that become one token.
        public var mergeSize = 2

        /// Rows and columns of pixels of an attention window.
        public var windowSize = 112

        /// Indices of layers that see the whole image, not a window.
        public var fullAttentionLayers = [7, 15, 23, 31]

        /// Channels of a token.
        public var outputWidth = 3584

        /// Base of the rotary positions.
        public var rotaryBase = 10_000.0

        /// The defaults of `Qwen2_5_VLVisionConfig`.
        public init() {}

        /// Reads a published `vision_config`, of which what is missing is as in `self`.
        ///
        /// Fine-tunes have `in_chans` and `spatial_patch_size`, too: leftovers of Qwen2-VL that the published class does not
        /// read.
        mutating func read(_ published: PublishedConfiguration) throws(PretrainedError) {
            width = try published.size("hidden_size", default: width)
            layerCount = try published.size("depth", default: layerCount)
            headCount = try published.size("num_heads", default: headCount)
            guard width % (4 * headCount) == 0 else {
                throw published.error(
                    "num_heads",
                    expected: "heads of a multiple of 4 channels, of \(width)",
                    found: "\(headCount)"
                )
            }
            feedForwardWidth = try published.size("intermediate_size", default: feedForwardWidth)
            activation = try published.activation("hidden_act", default: activation)
            channelCount = try published.integer("in_channels", default: channelCount)
            guard channelCount == 3 else {
                throw published.error("in_channels", expected: "3", found: "\(channelCount)")
            }
            patchSize = try published.size("patch_size", default: patchSize)
            frameCount = try published.size("temporal_patch_size", default: frameCount)
            mergeSize = try published.size("spatial_merge_size", default: mergeSize)
            windowSize = try published.size("window_size", default: windowSize)
            guard windowCells > 0 else {
                throw published.error(
                    "window_size",
                    expected: "at least \(mergeSize) patches of \(patchSize)",
                    found: "\(windowSize)"
                )
            }
            fullAttentionLayers = try published.integers("fullatt_block_indexes") ?? fullAttentionLayers
            outputWidth = try published.size("out_hidden_size", default: outputWidth)
            rotaryBase =
                try published.object("rope_parameters")?.number("rope_theta", default: rotaryBase)
                ?? rotaryBase
        }

        /// Numbers of a flattened patch.
        public var patchLength: Int { channelCount * frameCount * patchSize * patchSize }

        /// Patches that become one token.
        public var cellSize: Int { mergeSize * mergeSize }

        /// Rows and columns of merged cells of an attention window.
        public var windowCells: Int { windowSize / mergeSize / patchSize }

        /// Channels of a head.
        public var headWidth: Int { width / headCount }

        /// Every layer: the language model's kind, with biases everywhere.
        var layer: TransformerLayer.Configuration {
            var attention = SelfAttention.Configuration(headCount: headCount, headWidth: headWidth)
            (attention.hasBias, attention.hasOutputBias) = (true, true)
            return TransformerLayer.Configuration(
                width: width,
                attention: attention,
                feedForward: .init(
                    hidden: feedForwardWidth,
                    activation: activation,
                    isGated: true,
                    hasBias: true
                ),
                norm: .rms(epsilon: 1e-6)
            )
        }
    }
}
