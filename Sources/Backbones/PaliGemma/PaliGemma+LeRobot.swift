internal import Foundation
public import NN
public import Torch

extension PaliGemma {
    /// Reads the network of a LeRobot policy (`pi0_fast`), whose folder has no configuration of it: sizes are those of the
    /// tensors.
    ///
    /// - Parameters:
    ///   - checkpoint: The policy's `model.safetensors`.
    ///   - dtype: Element type of the parameters.
    ///   - device: Device of the parameters.
    /// - Throws: ``PretrainedError`` for tensors that make no PaliGemma; the errors of checkpoints.
    public init(ofLeRobotPolicy checkpoint: ShardedCheckpoint, dtype: DType, device: Device) throws {
        var names = WeightNames.paliGemma.reading([
            ("model.paligemma_with_expert.paligemma.", ""), ("paligemma_with_expert.paligemma.", ""),
        ])
        if checkpoint.shape(of: "embedding.weight", names) == nil {
            // One table for words and their scores, under the head's name.
            names = names.reading([
                ("model.paligemma_with_expert.paligemma.lm_head.", "language_model.model.embed_tokens."),
                ("paligemma_with_expert.paligemma.lm_head.", "language_model.model.embed_tokens."),
            ])
        }
        let configuration = try Configuration(ofLeRobotPolicy: checkpoint, names)
        self = withParameters(of: dtype, initialized: false) { Self(configuration, device: device) }
        try checkpoint.load(tensors, names: names)
    }
}

extension PaliGemma.Configuration {
    /// Width of a head of SigLIP So400m, and of Gemma: what tensors do not tell.
    private static let headWidths = (vision: 72, decoder: 256)

    fileprivate init(ofLeRobotPolicy checkpoint: ShardedCheckpoint, _ names: WeightNames) throws {
        func shape(_ parameter: String, _ axes: Int) throws(PretrainedError) -> [Int] {
            if let found = checkpoint.shape(of: parameter, names), found.count == axes, !found.contains(0) {
                return found
            }
            throw PretrainedError(
                file: checkpoint.folder.appending(path: "model.safetensors").path,
                reason:
                    "should hold '\(parameter)' of PaliGemma, with \(axes) axes, under a name of LeRobot's pi0_fast"
            )
        }
        func heads(_ parameter: String, _ count: Int, of width: Int) throws(PretrainedError) -> Int {
            guard count > 0, count.isMultiple(of: width) else {
                throw PretrainedError(
                    file: checkpoint.folder.appending(path: "model.safetensors").path,
                    reason:
                        "'\(parameter)' should have a multiple of \(width) channels, heads of \(width); found \(count)"
                )
            }
            return count / width
        }
        func layers(_ prefix: String) -> Int {
            var count = 0
            while checkpoint.shape(of: "\(prefix).\(count).attentionNorm.weight", names) != nil { count += 1 }
            return count
        }
        self = .paliGemma3B
        let patches = try shape("vision.patches.weight", 4)
        vision.width = patches[0]
        vision.patchSize = patches[2]
        let side = Double(try shape("vision.positions.weight", 2)[0]).squareRoot()
        vision.imageSize = Int(side) * vision.patchSize
        vision.layerCount = layers("vision.layers")
        vision.headCount = try heads("vision", vision.width, of: Self.headWidths.vision)
        vision.feedForwardWidth = try shape("vision.layers.0.feedForward.up.weight", 2)[0]
        let embedding = try shape("embedding.weight", 2)
        (vocabularySize, width) = (embedding[0], embedding[1])
        // Behind the words: LeRobot puts images before them by itself.
        imageToken = vocabularySize
        layerCount = layers("decoder.layers")
        let output = "decoder.layers.0.attention.output.weight"
        headWidth = Self.headWidths.decoder
        headCount = try heads(output, shape(output, 2)[1], of: headWidth)
        let projection = "decoder.layers.0.attention.projection.weight"
        keyValueHeadCount = (try heads(projection, shape(projection, 2)[0], of: headWidth) - headCount) / 2
        guard layerCount > 0, keyValueHeadCount > 0, headCount.isMultiple(of: keyValueHeadCount) else {
            throw PretrainedError(
                file: checkpoint.folder.appending(path: "model.safetensors").path,
                reason:
                    "'\(projection)' should hold \(headCount) heads of queries, and of keys and values a divisor of that; found "
                    + "\(keyValueHeadCount)"
            )
        }
        feedForwardWidth = try shape("decoder.layers.0.feedForward.up.weight", 2)[0]
        hasHead = checkpoint.shape(of: "head.weight", names) != nil
    }
}
