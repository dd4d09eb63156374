extension CompactBackbone {
    /// The architecture of a ``CompactBackbone``.
    public struct Configuration: Codable, Equatable, Sendable {
        /// One camera's picture.
        public struct Camera: Codable, Equatable, Sendable {
            /// Rows; a multiple of ``pixelsPerToken``.
            public var height: Int

            /// Columns; a multiple of ``pixelsPerToken``.
            public var width: Int

            /// Rows and columns of pixels that become one token: one of ``sizesOfTokens``.
            public var pixelsPerToken: Int

            /// Things to be located exactly, a token each, by features from convolutions; 0 does without both.
            public var keypoints: Int

            /// What ``pixelsPerToken`` can be.
            public static let sizesOfTokens = [4, 8, 16, 32]

            /// Creates the description of one camera.
            public init(height: Int, width: Int, pixelsPerToken: Int, keypoints: Int = 0) {
                self.height = height
                self.width = width
                self.pixelsPerToken = pixelsPerToken
                self.keypoints = keypoints
            }

            /// Rows and columns of the map that keypoints are looked for in.
            public var cells: (rows: Int, columns: Int) {
                (height / PictureFeatures.stride, width / PictureFeatures.stride)
            }

            /// Squares of a picture, a token each.
            public var tokenCount: Int { height / pixelsPerToken * (width / pixelsPerToken) }
        }

        /// Cameras, in the order of the contract.
        public var cameras: [Camera]

        /// Length of the state vector.
        public var stateDimension: Int

        /// Numbers that say where things are, to be estimated from keypoints (`EnvironmentEstimate`); nil for none.
        public var environmentStateDimension: Int?

        /// Bins that a state value falls into.
        public var stateBins = 256

        /// Bytes of the instruction that share a token.
        public var bytesPerToken = 4

        /// Longest instruction, in bytes; the rest is cut off.
        public var longestInstruction = 128

        /// Channels.
        public var width = 192

        /// Transformer blocks.
        public var layerCount = 4

        /// Heads of a block.
        public var headCount = 4

        /// Whether tokens may follow the prefix (``Backbone/continues``), which takes a whole last block.
        public var continues = false

        /// Describes a backbone for `cameras` and a state of `stateDimension` values.
        public init(cameras: [Camera], stateDimension: Int) {
            self.cameras = cameras
            self.stateDimension = stateDimension
        }
    }
}
