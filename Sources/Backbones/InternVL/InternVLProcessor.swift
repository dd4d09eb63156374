public import Foundation

extension InternVL {
    /// Observations as its inputs.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        let image = String(repeating: "<IMG_CONTEXT>", count: configuration.imageTokenCount)
        let framed = Array(repeating: "<img>\(image)</img>", count: settings.cameraCount)
        let template = ChatProcessor.Template(
            images: "<|im_start|>user\n" + framed.joined(separator: "\n"),
            beforeWords: "\n",
            afterWords: "<|im_end|>\n<|im_start|>assistant\n",
            pixels: .imageNet
        )
        return try ChatProcessor(
            folder,
            template,
            imageToken: configuration.imageToken,
            imageTokenCount: configuration.imageTokenCount,
            imageSize: configuration.vision.imageSize,
            settings
        )
    }
}
