public import Foundation
internal import ImageProcessing

extension InternVL {
    /// A turn that begins with the images, each on a line of its own.
    public static func turn(_ placeholders: [String]) -> ChatProcessor.Turn {
        ChatProcessor.Turn(
            images: "<|im_start|>user\n" + placeholders.joined(separator: "\n"),
            beforeWords: "\n",
            afterWords: "<|im_end|>\n<|im_start|>assistant\n"
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
            // A folder without an image processor is the publisher's own, whose code has ImageNet's; the class of a folder with one
            // has CLIP's for keys that are absent.
            default: settings.recordedSizes == nil ? .imageNet : .clip,
            whole: InternVLImageProcessor(side: side, tileTokenCount: count),
            published: {
                var processor = try InternVLImageProcessor(folder: $0)
                processor.tileTokenCount = count
                return processor
            }
        )
        try cameras.requireTiles(side: side, folder: folder)
        return cameras
    }
}
