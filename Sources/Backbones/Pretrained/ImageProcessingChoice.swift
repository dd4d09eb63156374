public import Support

/// How the images of a policy on a published model become those that its vision encoder reads.
public enum ImageProcessingChoice: String, NamedChoice {
    /// Scaled to the size of the vision encoder, with black borders that keep the aspect ratio, as openpi's policies read them: one
    /// tile a camera.
    case padded

    /// By the published model's own image processor, from the size in which they were recorded.
    ///
    /// Its settings are those of the model's folder. A processor that cuts images into tiles, or keeps large ones, makes hundreds
    /// to thousands of tokens of a camera.
    case published
}
