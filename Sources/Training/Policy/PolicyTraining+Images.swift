internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import LeRobot
internal import Torch

extension PolicyTraining {
    /// Fills a published backbone of `network`.
    ///
    /// - Throws: The errors of published models and checkpoints.
    func loadPublishedWeights(of network: FASTerVLANetwork) throws {
        guard let backbone = network.backbone as? any PretrainedBackbone else { return }
        try backbone.load(PretrainedFolder(recipe.backbone.pretrained))
    }

    /// Fills the image encoder of `network`, if it has one, with the weights that the recipe asks for.
    ///
    /// - Throws: ``DemonstrationsError`` when they are not there, and the errors of checkpoints.
    func loadImageEncoder(of network: FASTerVLANetwork) throws {
        guard let encoder = (network.backbone as? CompactBackbone)?.imageEncoder,
            recipe.backbone.imageEncoderWeights == .imagenet, start?.takesBackbone != true
        else { return }
        guard let imageEncoderWeights else {
            throw DemonstrationsError(
                description:
                    "backbone.imageEncoder: there are no pretrained weights of \(recipe.backbone.imageEncoder.rawValue); "
                    + "`make setup` fetches them into .deps/models"
            )
        }
        try encoder.load(from: imageEncoderWeights)
    }

    /// True if images can be encoded once for the whole training: the encoder stays as it is, and so do the images.
    public var encodesOnce: Bool {
        recipe.backbone.encoder?.trainedBlocks == 0 && !recipe.augmentation.changesImages
    }

    /// The files of features by the frozen encoder of `network`; nil where images are not encoded once.
    ///
    /// - Throws: The encoder's error about its settings.
    func featureCache(of network: FASTerVLANetwork, in folder: URL) throws -> ImageFeatureCache? {
        guard encodesOnce, let encoder = (network.backbone as? CompactBackbone)?.imageEncoder else {
            return nil
        }
        return try ImageFeatureCache(
            of: encoder,
            below: imageFeatures ?? folder.appending(path: "image-features"),
            device: device
        )
    }

    /// Decodes the videos of a source, or computes features of its images that the cache lacks.
    ///
    /// - Throws: The errors of datasets and the system.
    func images(
        of source: PolicySource,
        _ cameras: [(camera: String, height: Int, width: Int)],
        _ cache: ImageFeatureCache?,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        encoding: (Int, Int) -> Void
    ) throws -> PolicyImages {
        let dataset = source.demonstrations.dataset
        let episodes = source.trained + source.heldOut
        if let cache {
            return .features(
                try ImageFeatures(
                    of: dataset,
                    sizes: cameras,
                    episodes: episodes,
                    cache: cache,
                    progress: encoding
                )
            )
        }
        let sizes = cameras.map { ($0.camera, ($0.height, $0.width)) }
        return .frames(
            try FrameStore(
                dataset: dataset,
                cameras: cameras.map(\.camera),
                scaledSizes: Dictionary(sizes) { first, _ in first },
                episodes: episodes,
                processes: processesPerMachine,
                progress: decoding
            )
        )
    }
}
