internal import NN
internal import Torch

/// One camera's image as tokens: one an image patch, and one a keypoint.
package struct CameraTokens: Module {
    /// Nil where an ``ImageEncoder`` makes the map.
    package let stem: ImageStem?
    /// Nil for a camera without image patches.
    package let merging: PatchMerging?
    package let keypoints: Keypoints?
    /// Nil without a summary of the images.
    package let flattened: FlattenedMap?

    /// Creates tokens of a camera of `configuration`.
    init(
        _ camera: CompactBackbone.Configuration.Camera,
        _ configuration: CompactBackbone.Configuration,
        device: Device
    ) {
        let width = configuration.width
        let channels = configuration.channels(of: camera)
        let isEncoded = configuration.imageEncoder != nil
        stem =
            isEncoded
            ? nil : ImageStem(channels: channels, convolves: camera.keypoints > 0, device: device)
        merging =
            camera.pixelsPerToken > 0
            ? PatchMerging(
                width: width,
                cellsPerToken: camera.pixelsPerToken / configuration.pixelsPerCell,
                channels: channels,
                activatesMap: !isEncoded,
                device: device
            ) : nil
        let cells = configuration.cells(of: camera)
        keypoints =
            camera.keypoints > 0
            ? Keypoints(
                count: camera.keypoints,
                rows: cells.rows,
                columns: cells.columns,
                channels: channels,
                width: width,
                device: device
            ) : nil
        flattened =
            configuration.summarizesImages == true
            ? FlattenedMap(
                rows: cells.rows,
                columns: cells.columns,
                channels: channels,
                width: width,
                device: device
            ) : nil
    }

    /// Tokens of `images`, uint8 `[B, height, width, 3]`, or of their features by an ``ImageEncoder``,
    /// `[B, rows, columns, channels]`, for an instruction embedding, `[B, width]`.
    ///
    /// - Returns: `[B, patches, width]`; keypoints and the flattened map, nil without any.
    func callAsFunction(_ images: Tensor, instruction: Tensor) -> (
        patches: Tensor?, keypoints: Keypoints.Output?, flattened: Tensor?
    ) {
        let map = stem.map { $0(images) } ?? FeatureMap(images)
        return (
            merging?(map), keypoints?(map.cells, instruction: instruction),
            flattened?(map.cells, instruction: instruction)
        )
    }
}

extension FeatureMap {
    /// The map of an encoder's features, `[B, rows, columns, channels]`.
    fileprivate init(_ features: Tensor) {
        let (rows, columns) = (features.size(1), features.size(2))
        let cells = features.to(.float32).reshaped(-1, rows * columns, features.size(3))
        self.init(cells: cells, rows: rows, columns: columns)
    }
}
