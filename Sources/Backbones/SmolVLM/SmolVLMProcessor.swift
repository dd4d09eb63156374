extension SmolVLM {
    /// A turn that begins with the images, each framed as one that is not split.
    public static func turn(_ configuration: Configuration, cameraCount: Int) -> ChatProcessor.Turn {
        let image = String(repeating: "<image>", count: configuration.imageTokenCount)
        let framed = "<fake_token_around_image><global-img>\(image)<fake_token_around_image>"
        return ChatProcessor.Turn(
            images: "<|im_start|>User:" + String(repeating: framed, count: cameraCount),
            afterWords: "<end_of_utterance>\nAssistant:",
            imageTokenCount: configuration.imageTokenCount * cameraCount,
            imageSize: configuration.vision.imageSize,
            pixels: .half
        )
    }
}
