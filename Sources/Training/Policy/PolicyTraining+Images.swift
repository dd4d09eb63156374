internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import LeRobot
internal import Torch

extension PolicyTraining {
    /// Makes the images of a source, of some cameras in some sizes.
    typealias ImageMaker = (
        _ source: PolicySource, _ cameras: [(camera: String, height: Int, width: Int)]
    ) throws -> PolicyImages

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

    /// Prepares to decode videos, and to encode images where that is done once.
    ///
    /// - Throws: The encoder's error.
    func imageMaker(
        _ network: FASTerVLANetwork,
        in folder: URL,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        encoding: @escaping (Int, Int) -> Void
    ) throws -> ImageMaker {
        guard encodesOnce, let encoder = (network.backbone as? CompactBackbone)?.imageEncoder else {
            return { source, cameras in
                let sizes = cameras.map { ($0.camera, ($0.height, $0.width)) }
                return .frames(
                    try FrameStore(
                        dataset: source.demonstrations.dataset,
                        cameras: cameras.map(\.camera),
                        scaledSizes: Dictionary(sizes) { first, _ in first },
                        episodes: source.trained + source.heldOut,
                        progress: decoding
                    )
                )
            }
        }
        let cache = try ImageFeatureCache(
            of: encoder,
            below: imageFeatures ?? folder.appending(path: "image-features")
        )
        return { source, cameras in
            .features(
                try ImageFeatures(
                    of: source.demonstrations.dataset,
                    sizes: cameras,
                    episodes: source.trained + source.heldOut,
                    encoder: encoder,
                    cache: cache,
                    device: device,
                    progress: encoding
                )
            )
        }
    }
}
