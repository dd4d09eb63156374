internal import Backbones
internal import NN

/// `ObjectPoseHead` for one observation: the tokens of its estimate.
struct PackedObjectPoseHead: Sendable {
    private let appearance: [PackedLinear]
    private let norm: PackedShiftedNorm?
    private let layers: [PackedLinear]
    private let projection: PackedLinear

    /// Packs the present weights of `head`.
    init(_ head: ObjectPoseHead) {
        appearance = head.appearance.map { PackedLinear($0) }
        norm = head.norm.map { PackedShiftedNorm($0) }
        layers = head.layers.map { PackedLinear($0) }
        projection = PackedLinear(head.projection)
    }

    /// Tokens, `[4, width]`, of the estimate from the images' summary or the cameras' keypoints, and an instruction embedding,
    /// `[1, width]`.
    func tokens(_ keypoints: [PackedKeypoints.Output], summary: Rows?, instruction: Rows) -> Rows {
        var x = summary ?? described(keypoints, instruction)
        for (index, layer) in layers.enumerated() {
            if index > 0 { x.applyGelu() }
            x = layer(x)
        }
        let tokens = projection(x.beside(x.fourierFeatures(count: ObjectPoseHead.frequencyCount)))
        return tokens.regrouped(width: instruction.width)
    }

    /// The keypoints and the instruction as one row.
    private func described(_ keypoints: [PackedKeypoints.Output], _ instruction: Rows) -> Rows {
        let described = zip(appearance, keypoints).flatMap { appearance, keypoints in
            keypoints.positions.values + appearance(keypoints.features).values
        }
        let inputs = described + (norm?(instruction) ?? instruction).values
        return Rows(inputs, width: inputs.count)
    }
}
