internal import LeRobot

/// Images of a dataset's examples, or their features by a frozen encoder.
enum PolicyImages: Sendable {
    /// Images, which augmentation may change.
    case frames(FrameStore)

    /// Features of the images as they are recorded.
    case features(ImageFeatures)
}
