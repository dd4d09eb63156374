internal import LeRobot

/// What the examples of a dataset show: images, or what a frozen encoder makes of them.
enum PolicyImages: Sendable {
    /// Images, which augmentation may change.
    case frames(FrameStore)

    /// Features of the images as they are recorded.
    case features(ImageFeatures)
}
