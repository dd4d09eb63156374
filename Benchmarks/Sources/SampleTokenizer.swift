import ActionTokenizers
import CPUInference
import FASTerVQ
import Foundation
import NN
import RobotTypes
import Torch
import Training

/// A tokenizer that was trained for a moment, in a folder where peers read it, with chunks to try it on.
///
/// The weights are untrained: the time of a step or a call does not depend on their values.
final class SampleTokenizer {
    /// The tokenizer.
    let tokenizer: FASTerVQTokenizer

    /// Normalised chunks of one training batch, all of their steps inside their episodes.
    let chunks: ActionChunks

    /// All normalised chunks of the demonstrations.
    let allChunks: ActionChunks

    /// The tokenizer's folder.
    let folder: URL

    /// Chunks, codes, reconstructions and loss, for peers to compare theirs with.
    let examples: URL

    private static let chunkCount = 256

    /// Trains for a few steps on the quickstart's demonstrations.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString)")
        examples = folder.appending(path: "examples.safetensors")
        let demonstrations = try Demonstrations(
            opening: Peer.packageRoot.appending(path: "Examples/metaworld-mini")
        )
        var recipe = TokenizerRecipe()
        recipe.optimization.steps = 60
        try TokenizerTraining([WeightedDataset(demonstrations)], recipe: recipe, device: .cpu)
            .run(to: folder, resume: false, report: { _ in })
        tokenizer = try FASTerVQTokenizer(loading: folder, device: .cpu, codec: PackedChunkCodec.self)
        allChunks = tokenizer.normalized(try demonstrations.chunks(horizon: recipe.horizon, episodes: nil))
        chunks = Self.whole(allChunks, count: Self.chunkCount)
        try writeExamples()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Evenly spaced chunks among those without padding.
    private static func whole(_ all: ActionChunks, count: Int) -> ActionChunks {
        let whole = (0 ..< all.count).filter { all.validSteps[$0] == all.horizon }
        let values = (0 ..< count).flatMap { all[whole[$0 * whole.count / count]].values }
        return ActionChunks(count: count, horizon: all.horizon, dimension: all.dimension, values: values)
    }

    private func writeExamples() throws {
        let codes = try tokenizer.tokens(for: chunks)
        let shape = [chunks.count, chunks.horizon, chunks.dimension]
        func values(_ chunks: ActionChunks) -> Tensor {
            Tensor(chunks.values, shape: [chunks.count, chunks.horizon, chunks.dimension])
        }
        let loss = withoutGradients { [training = try TrainingStep(self)] in training.loss() }
        let tensors = [
            ("actions", values(chunks)), ("all", values(allChunks)), ("loss", loss),
            ("codes", Tensor(codes.flatMap { $0 }, shape: [shape[0], tokenizer.tokenCount])),
            ("reconstructions", values(try tokenizer.chunks(for: codes))),
        ]
        try Checkpoint.save(tensors.map { NamedTensor(name: $0, tensor: $1) }, to: examples)
    }
}

/// One step of a tokenizer's training on one batch, as `TokenizerTraining` takes it.
struct TrainingStep {
    private let model: FASTerVQModel
    private let parameters: [NamedTensor]
    private let optimizer: AdamW
    private let batch: ActionBatch
    private let weights = TokenizerLossWeights()

    /// Takes the weights and the batch of `sample`.
    init(_ sample: SampleTokenizer) throws {
        let (tokenizer, chunks) = (sample.tokenizer, sample.chunks)
        model = try FASTerVQModel(loading: sample.folder, device: .cpu)
        parameters = model.parameters
        var settings = AdamW.Configuration()
        (settings.learningRate, settings.weightDecay) = (1e-5, 0.01)
        optimizer = AdamW(parameters, configuration: settings)
        let patchifier = try model.makePatchifier(tokenizer.actionSpace, horizon: tokenizer.horizon)
        batch = ActionBatch(
            embodiment: Embodiment(
                patchifier: patchifier,
                normalization: tokenizer.normalization,
                device: .cpu
            ),
            actions: Tensor(chunks.values, shape: [chunks.count, chunks.horizon, chunks.dimension]),
            stepMask: .ones([chunks.count, chunks.horizon])
        )
    }

    /// The loss of the batch; the codebooks move.
    func loss() -> Tensor { model.loss([batch], quantizing: true, weights: weights).total }

    /// Takes the step.
    func callAsFunction() {
        loss().backward()
        GradientClipping.clip(parameters, limit: 1)
        optimizer.step(factor: 1)
        optimizer.forgetGradients()
    }
}
