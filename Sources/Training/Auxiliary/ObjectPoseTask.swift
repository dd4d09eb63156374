internal import Backbones
internal import Support
internal import Torch

/// Settings of the object-pose task; the keys under `objectPose` of a policy's recipe.
struct ObjectPoseRecipe: Codable, Equatable, Sendable, Validatable {
    /// Weight of the task's loss beside that of the actions; 0 trains without the task and its supervision.
    var weight = 0.0

    /// Weight of the keypoints' heatmap cross-entropy beside the poses' L1 error.
    var heatmapWeight = 0.05

    /// Columns of `observation.environment_state` to predict; all but image positions where empty.
    var columns: [Int] = []

    func validate() throws(InvalidValue) {
        try Validation.require(["weight": weight, "heatmapWeight": heatmapWeight], atLeast: 0)
    }
}

/// Auxiliary task: object poses predicted from the backbone's keypoints, where recordings have them.
///
/// This is privileged supervision: a simulator knows where objects are, cameras do not. The trained policy reads images
/// and the robot's own state only.
struct ObjectPoseTask: AuxiliaryTask {
    let metric = "object_pose_loss"
    let weight: Double

    private let heatmapWeight: Double
    private let backbone: CompactBackbone.Configuration

    /// Prepares the task for the images of the cameras of `backbone`.
    init(_ recipe: ObjectPoseRecipe, backbone: CompactBackbone.Configuration) {
        weight = recipe.weight
        heatmapWeight = recipe.heatmapWeight
        self.backbone = backbone
    }

    func loss(of output: BackboneOutput, at batch: PolicyBatch, device: Device) -> Tensor? {
        guard let estimate = output.objectPoses else { return nil }
        let count = batch.indices.count
        let seeing = backbone.cameras.indices.filter { backbone.cameras[$0].keypoints > 0 }
        return Self.loss(
            of: estimate,
            values: Tensor(
                batch.objectPoses,
                shape: [count, batch.objectPoses.count / count],
                device: device
            ),
            heatmaps: seeing.map { heatmaps(ofCamera: $0, at: batch, device: device) },
            heatmapWeight: heatmapWeight
        )
    }

    /// L1 error of the poses, and cross-entropy of the first keypoints of each camera with the objects' heatmaps.
    ///
    /// The poses' error alone is too weak a signal to find an object that covers one cell of hundreds.
    ///
    /// - Parameters:
    ///   - estimate: The backbone's estimate.
    ///   - values: Normalised poses, `[B, M]`.
    ///   - heatmaps: Target heatmaps of every camera with keypoints, `[B, objects, cells]`; nil where positions are unknown.
    ///   - heatmapWeight: Weight of the cross-entropy.
    /// - Returns: A scalar.
    static func loss(
        of estimate: ObjectPoseEstimate,
        values: Tensor,
        heatmaps: [Tensor?],
        heatmapWeight: Double
    ) -> Tensor {
        let error = (estimate.values - values).abs().mean()
        let crossEntropies = zip(estimate.heatmaps, heatmaps).compactMap { attention, target -> Tensor? in
            guard let target, heatmapWeight > 0 else { return nil }
            let count = min(attention.size(1), target.size(1))
            let predicted = attention.narrowed(1, from: 0, count: count)
            let wanted = target.narrowed(1, from: 0, count: count)
            return (wanted * (predicted + 1e-6).log()).sum(2).mean() * -1.0
        }
        return crossEntropies.reduce(error) { $0 + $1 * heatmapWeight }
    }

    /// Target heatmaps `[B, objects, cells]` in the augmented images of a batch; nil where positions are unknown.
    private func heatmaps(ofCamera camera: Int, at batch: PolicyBatch, device: Device) -> Tensor? {
        let all = batch.objectPositions[camera]
        let size = all.count / batch.indices.count
        guard size > 0 else { return nil }
        let image = backbone.cameras[camera]
        let (height, width) = (Float(image.height), Float(image.width))
        var shifted: [Float] = []
        for (row, shift) in batch.imageShifts[camera].enumerated() {
            // From edge to edge is 2.
            let offsets = [2 * Float(shift.right) / width, 2 * Float(shift.down) / height]
            let positions = all[row * size ..< (row + 1) * size]
            for (column, position) in positions.enumerated() {
                shifted.append(position + offsets[column % 2])
            }
        }
        let (rows, columns) = backbone.cells(of: image)
        let heatmaps = BilinearHeatmap.heatmaps(of: shifted, rows: rows, columns: columns)
        return Tensor(heatmaps, shape: [batch.indices.count, size / 2, rows * columns], device: device)
    }
}
