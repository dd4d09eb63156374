public import Backbones
public import NN
public import Support

/// The backbone's settings; the keys under `backbone` of a policy's recipe.
///
/// Sizes, cameras' patches and image encoder are the compact backbone's; a published one has its own.
public struct BackboneRecipe: Codable, Equatable, Sendable, Validatable {
    /// Folder of a published model, or its name in the Hub's local cache (`owner/model`); empty for the compact backbone.
    public var pretrained = ""

    /// Part of the backbone that is trained.
    public var training = BackboneTraining.full

    /// Adapters of a published backbone with the training `lora`.
    public var lora = LowRankAdapter.Configuration()

    /// Knowledge insulation (arXiv 2505.23705): the action expert's loss stops at the prefix, and the backbone learns by
    /// predicting the same codes itself.
    public var isInsulated = false

    /// Computes the activations of every layer of a published backbone, and of its expert, again in the backward pass: less memory,
    /// a forward more time.
    public var gradientCheckpointing = false

    /// How images become those that a published backbone reads: scaled with black borders to the size of its vision encoder
    /// (`padded`), or by its own image processor (`published`), which may make hundreds to thousands of tokens of a camera.
    public var imageProcessing = ImageProcessingChoice.padded

    /// Channels.
    public var width = 192

    /// Transformer blocks, of the action expert, too.
    public var layerCount = 4

    /// Attention heads of a block.
    public var headCount = 4

    /// Rows and columns that images are scaled to, with black borders where they are not square; 0 leaves them as
    /// recorded.
    ///
    /// The images that a robot sends are scaled in the same way.
    public var imageSize = 0

    /// Network that reads the images.
    public var imageEncoder = ImageEncoderChoice.patches

    /// Weights that a pretrained network of the images starts from.
    public var imageEncoderWeights = ImageEncoderWeights.imagenet

    /// Rows and columns that an image is enlarged to for that network, for each one that it has.
    public var imageEncoderScale = 2

    /// Number of that network's blocks, from the last one back, that are trained with the policy; 0 freezes it.
    public var imageEncoderTrainedBlocks = 0

    /// Tokens of the images.
    public var imageTokens = ImageTokens.patches

    /// Side of the first camera's image patches, in pixels.
    public var pixelsPerToken = 16

    /// Side of every further camera's image patches, in pixels.
    public var pixelsPerTokenOfOtherCameras = 32

    /// Keypoint tokens per camera, each a soft-argmax over image positions; 0 for none.
    public var keypoints = 0

    /// Settings of the pretrained network of the images; nil for a backbone without one.
    var encoder: ImageEncoder.Configuration? {
        guard imageEncoder == .efficientNetLite0 else { return nil }
        var encoder = ImageEncoder.Configuration()
        (encoder.scale, encoder.trainedBlocks) = (imageEncoderScale, imageEncoderTrainedBlocks)
        return encoder
    }

    /// Checks that there can be such a backbone.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try validateTraining()
        try validateSizes()
        try validateImageEncoder()
    }

    private func validateTraining() throws(InvalidValue) {
        try Validation.require(
            training != .lora || !pretrained.isEmpty,
            "training",
            "full or frozen without 'pretrained'",
            found: training.rawValue
        )
        try Validation.require(
            !isInsulated || training != .frozen,
            "isInsulated",
            "false where the backbone is frozen",
            found: isInsulated
        )
        try Validation.require(
            imageProcessing == .padded || !pretrained.isEmpty,
            "imageProcessing",
            "padded without 'pretrained'",
            found: imageProcessing.rawValue
        )
        try Validation.require(
            !gradientCheckpointing || !pretrained.isEmpty,
            "gradientCheckpointing",
            "false without 'pretrained'",
            found: gradientCheckpointing
        )
    }

    private func validateSizes() throws(InvalidValue) {
        try Validation.require(["lora.rank": lora.rank], atLeast: 1)
        try Validation.require(
            lora.alpha > 0 && lora.alpha.isFinite,
            "lora.alpha",
            "a number above 0",
            found: lora.alpha
        )
        try Validation.require(
            ["width": width, "layerCount": layerCount, "headCount": headCount],
            atLeast: 1
        )
        try Validation.require(["imageSize": imageSize, "keypoints": keypoints], atLeast: 0)
        try Validation.require(
            [
                "lora.rank": lora.rank, "width": width, "layerCount": layerCount, "headCount": headCount,
                "imageSize": imageSize, "keypoints": keypoints,
            ],
            atMost: Validation.largestSize
        )
        // Rotary positions turn pairs of channels.
        try Validation.require(["width": width], multipleOf: 2 * headCount, as: "'headCount' is \(headCount)")
    }

    private func validateImageEncoder() throws(InvalidValue) {
        try Validation.require(
            [1, 2, 4].contains(imageEncoderScale),
            "imageEncoderScale",
            "1, 2 or 4",
            found: imageEncoderScale
        )
        try Validation.require(
            ["imageEncoderTrainedBlocks": imageEncoderTrainedBlocks],
            in: 0 ... ImageEncoder.blockCount
        )
        guard imageTokens == .patches else {
            try Validation.require(
                encoder != nil,
                "imageTokens",
                "patches without an image encoder, whose maps are summarized",
                found: imageTokens.rawValue
            )
            return try Validation.require(
                keypoints == 0,
                "keypoints",
                "0 where images are summarized",
                found: keypoints
            )
        }
        let sizes = CompactBackbone.Configuration.Camera.sizesOfTokens
        let smallest = encoder.map { 2 * $0.pixelsPerCell } ?? sizes[0]
        let valid = sizes.filter { $0 >= smallest }
        for (key, pixels) in [
            ("pixelsPerToken", pixelsPerToken),
            ("pixelsPerTokenOfOtherCameras", pixelsPerTokenOfOtherCameras),
        ] {
            let names = valid.map(String.init)
            let expected = (names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1])
            try Validation.require(
                valid.contains(pixels),
                key,
                names.count > 1 ? expected : names[0],
                found: pixels
            )
        }
    }
}

/// Part of a policy's backbone that is trained with it.
public enum BackboneTraining: String, NamedChoice {
    /// All weights, in single precision.
    case full

    /// Low-rank adapters of its linear layers (LoRA, arXiv 2106.09685).
    case lora

    /// Nothing.
    case frozen
}

/// Network that reads a policy's images.
public enum ImageEncoderChoice: String, NamedChoice {
    /// Patches of pixels, which the backbone learns to read from scratch.
    case patches

    /// EfficientNet-Lite0's first eleven blocks.
    case efficientNetLite0 = "efficientnet-lite0"

    /// None: a control that is shown no images.
    case blind
}

/// Tokens of a policy's images.
public enum ImageTokens: String, NamedChoice {
    /// One an image patch, and keypoints.
    case patches

    /// Eight of all feature maps of an image encoder together; sizes of patches have no effect.
    case summary
}

/// Weights of an image encoder before a training.
public enum ImageEncoderWeights: String, NamedChoice {
    /// Trained to classify ImageNet's photographs.
    case imagenet

    /// Random: a control.
    case random
}
