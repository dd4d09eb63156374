internal import NN
internal import Torch

/// One camera's picture as tokens: squares of it, and where things are.
struct CameraTokens: Module {
    private let features: PictureFeatures
    private let merging: PatchMerging
    private let keypoints: Keypoints?

    init(_ camera: CompactBackbone.Configuration.Camera, width: Int, device: Device) {
        let channels = PatchMerging.channels(width: width, pixelsPerToken: camera.pixelsPerToken)
        features = PictureFeatures(channels: channels, convolves: camera.keypoints > 0, device: device)
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

    /// Tokens of `images`, uint8 `[B, height, width, 3]`, for an instruction, `[B, width]`.
    ///
    /// - Returns: `[B, squares, width]`, and keypoints where there are any.
    func callAsFunction(_ images: Tensor, instruction: Tensor) -> (
        squares: Tensor, keypoints: Keypoints.Found?
    ) {
        let map = features(images)
        return (merging(map), keypoints?(map.cells, instruction: instruction))
    }
}
