public import Foundation

extension SmolVLM {
    /// Observations as its inputs.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        let image = String(repeating: "<image>", count: configuration.imageTokenCount)
        let framed = "<fake_token_around_image><global-img>\(image)<fake_token_around_image>"
        let template = ChatProcessor.Template(
            images: "<|im_start|>User:" + String(repeating: framed, count: settings.cameraCount),
            afterWords: "<end_of_utterance>\nAssistant:",
            pixels: .half
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
