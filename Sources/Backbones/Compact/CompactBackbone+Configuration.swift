internal import Foundation
internal import NN

extension CompactBackbone {
    /// The architecture of a ``CompactBackbone``.
    public struct Configuration: Codable, Equatable, Sendable {
        /// One camera's image.
        public struct Camera: Codable, Equatable, Sendable {
            /// Rows of pixels; a multiple of ``pixelsPerToken``.
            public var height: Int

            /// Columns of pixels; a multiple of ``pixelsPerToken``.
            public var width: Int

            /// Rows and columns of an image patch, which becomes one token: one of ``sizesOfTokens``; 0 for no patches, where images
            /// are summarized.
            public var pixelsPerToken: Int

            /// Number of keypoints, a token each, on top of a convolutional image stem; 0 for a linear stem and none.
            public var keypoints: Int

            /// Sizes of an image patch.
            public static let sizesOfTokens = [4, 8, 16, 32]

            /// Creates the description of one camera.
            public init(height: Int, width: Int, pixelsPerToken: Int, keypoints: Int = 0) {
                self.height = height
                self.width = width
                self.pixelsPerToken = pixelsPerToken
                self.keypoints = keypoints
            }

            /// Number of image patches.
            public var tokenCount: Int {
                pixelsPerToken > 0 ? height / pixelsPerToken * (width / pixelsPerToken) : 0
            }
        }

        /// Cameras, in the order of the contract.
        public var cameras: [Camera]

        /// Pretrained network that reads the images; nil for patches of pixels.
        public var imageEncoder: ImageEncoder.Configuration?

        /// True for a control that is shown no images; nil for a backbone that sees.
        public var isBlind: Bool?

        /// Length of the state vector.
        public var stateDimension: Int

        /// Number of values that describe object poses, which an auxiliary head estimates; nil for no such head.
        public var objectPoseDimension: Int?

        /// True for tokens of all feature maps as a whole (``ImageSummary``), from which object poses are estimated, too; nil for none.
        public var summarizesImages: Bool?

        /// Number of bins of a state value.
        public var stateBins = 256

        /// Bytes of the instruction per token.
        public var bytesPerToken = 4

        /// Longest instruction in bytes; a longer one is cut off.
        public var longestInstruction = 128

        /// Channels of a token.
        public var width = 192

        /// Number of transformer layers.
        public var layerCount = 4

        /// Attention heads of a layer.
        public var headCount = 4

        /// True for a backbone that can decode suffix slots itself (``Backbone/supportsDecoding``), which takes a full last
        /// layer.
        public var supportsDecoding = false

        /// Describes a backbone for `cameras` and a state of `stateDimension` values.
        public init(cameras: [Camera], stateDimension: Int) {
            self.cameras = cameras
            self.stateDimension = stateDimension
        }

        /// Pixels from one cell of a feature map to the next.
        public var pixelsPerCell: Int { imageEncoder?.pixelsPerCell ?? ImageStem.stride }

        /// Rows and columns of a camera's feature map.
        public func cells(of camera: Camera) -> (rows: Int, columns: Int) {
            (camera.height / pixelsPerCell, camera.width / pixelsPerCell)
        }

        /// Channels of a camera's feature map.
        func channels(of camera: Camera) -> Int {
            if imageEncoder != nil { return ImageEncoder.channels }
            // Every merge of cells doubles them, up to those of a token.
            return camera.pixelsPerToken == ImageStem.stride ? width : min(width, 64)
        }
    }
}

extension CompactBackbone.Configuration {
    /// Every layer, of the action expert, too: layer norms, GELU, normalized queries and keys.
    var layer: TransformerLayer.Configuration {
        var attention = SelfAttention.Configuration(headCount: headCount, headWidth: width / headCount)
        attention.queryKeyNorm = .layer(epsilon: 1e-5, hasBias: false)
        return TransformerLayer.Configuration(
            width: width,
            attention: attention,
            feedForward: .init(hidden: 4 * width, activation: .gelu, isGated: false, hasBias: true),
            norm: .layer(epsilon: 1e-5, hasBias: true)
        )
    }

    /// Rotary positions of action tokens, rounded as the shipped policies were trained with.
    var rotary: RotaryPositions {
        let headWidth = width / headCount
        let frequencies = (0 ..< headWidth / 2).map {
            Float(pow(10_000, Double(Float(-2 * Double($0) / Double(headWidth)))))
        }
        return RotaryPositions(width: headWidth, frequencies: frequencies)
    }
}
