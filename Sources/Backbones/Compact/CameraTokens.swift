internal import NN
internal import Torch

/// One camera's image as tokens: one an image patch, and one a keypoint.
struct CameraTokens: Module {
    private let stem: ImageStem
    private let merging: PatchMerging
    private let keypoints: Keypoints?

    init(_ camera: CompactBackbone.Configuration.Camera, width: Int, device: Device) {
        let channels = PatchMerging.channels(width: width, pixelsPerToken: camera.pixelsPerToken)
        stem = ImageStem(channels: channels, convolves: camera.keypoints > 0, device: device)
        merging = PatchMerging(width: width, pixelsPerToken: camera.pixelsPerToken, device: device)
        keypoints =
            camera.keypoints > 0
            ? Keypoints(
                count: camera.keypoints,
                rows: camera.cells.rows,
                columns: camera.cells.columns,
                channels: channels,
                width: width,
                device: device
            ) : nil
    }

    /// Tokens of `images`, uint8 `[B, height, width, 3]`, for an instruction embedding, `[B, width]`.
    ///
    /// - Returns: `[B, patches, width]`, and keypoints; nil without any.
    func callAsFunction(_ images: Tensor, instruction: Tensor) -> (
        patches: Tensor, keypoints: Keypoints.Output?
    ) {
        let map = stem(images)
        return (merging(map), keypoints?(map.cells, instruction: instruction))
    }
}
