extension InternVL {
    /// A turn that begins with the images, each on a line of its own.
    public static func turn(_ configuration: Configuration, cameraCount: Int) -> ChatProcessor.Turn {
        let image = String(repeating: "<IMG_CONTEXT>", count: configuration.imageTokenCount)
        let framed = Array(repeating: "<img>\(image)</img>", count: cameraCount)
        return ChatProcessor.Turn(
            images: "<|im_start|>user\n" + framed.joined(separator: "\n"),
            beforeWords: "\n",
            afterWords: "<|im_end|>\n<|im_start|>assistant\n",
            imageTokenCount: configuration.imageTokenCount * cameraCount,
            imageSize: configuration.vision.imageSize,
            pixels: .imageNet
        )
    }
}
