public import Foundation
internal import ImageProcessing

extension SmolVLM {
    /// A turn that begins with the images.
    public static func turn(_ placeholders: [String]) -> ChatProcessor.Turn {
        ChatProcessor.Turn(
            images: "<|im_start|>User:" + placeholders.joined(),
            afterWords: "<end_of_utterance>\nAssistant:"
        )
    }

    /// The images of a robot's cameras.
    public static func cameras(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> CameraImages {
        let (side, count) = (configuration.vision.imageSize, configuration.imageTokenCount)
        let cameras = try CameraImages(
            folder,
            settings,
            side: side,
            default: .half,
            whole: SmolVLMImageProcessor(tileSize: side, tileTokenCount: count),
            published: {
                var processor = try SmolVLMImageProcessor(folder: $0)
                processor.tileTokenCount = count
                return processor
            }
        )
        try cameras.requireTiles(side: side, folder: folder)
        return cameras
    }
}
