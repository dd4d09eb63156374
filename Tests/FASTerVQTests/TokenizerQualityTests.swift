import ActionTokenizers
import Foundation
import LeRobot
import NN
import RobotTypes
import Support
import Testing
import Torch
import VectorQuantization

@testable import FASTerVQ

/// A training of seconds on the shipped demonstrations.
///
/// The bound lies close above what it reaches: fewer entries, a residual with the wrong sign or a mask that lets padding
/// count all exceed it.
@Suite("Quality of a trained tokenizer")
struct TokenizerQualityTests {
    private static let demonstrations = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "../../Examples/metaworld-mini").standardizedFileURL

    @Test("L1 of held-out chunks stays as low as a short training brings it")
    func heldOut() throws {
        Torch.seed(1)
        let dataset = try LeRobotDataset(opening: Self.demonstrations)
        let sampler = try ChunkSampler(dataset: dataset, table: dataset.loadTable())
        let episodes = Array(dataset.episodes.indices)
        let (held, seen) = (episodes.filter { $0 % 10 == 9 }, episodes.filter { $0 % 10 != 9 })
        let space = try ActionSpace(parsing: "position=0:3,gripper=3")
        let rows = seen.flatMap { sampler.column.rows(dataset.episodes[$0].rows) }
        let normalization = Normalization(
            method: .quantiles,
            statistics: featureStatistics(values: rows, dimension: 4)
        )
        var configuration = FASTerVQConfiguration(patches: PatchShape.fitting(space, horizon: 16))
        configuration.quantizer.codebookSize = 64
        configuration.autoencoder.width = 64
        (configuration.autoencoder.encoderLayers, configuration.autoencoder.decoderLayers) = (1, 2)
        let model = FASTerVQModel(configuration, device: .cpu)
        let tokenizer = try FASTerVQTokenizer(
            model,
            actionSpace: space,
            horizon: 16,
            normalization: normalization
        )
        let chunks = tokenizer.normalized(try sampler.chunks(horizon: 16, episodes: seen, stride: 2))
        train(model, on: chunks, tokenizer.embodiment)
        let original = tokenizer.normalized(try sampler.chunks(horizon: 16, episodes: held, stride: 3))
        let decoded = try FASTerVQTokenizer(
            model,
            actionSpace: space,
            horizon: 16,
            normalization: normalization
        ).roundTrip(original)
        let error = ReconstructionErrors(original, decoded)
        // It reaches 0.028. Half of the entries: 0.036; a loss that counts padding: 0.033; stages that do: 0.034; r + q: 0.067.
        #expect(error.l1 < 0.030)
    }

    private func train(_ model: FASTerVQModel, on chunks: ActionChunks, _ robot: Embodiment) {
        var random = SeededRandom(seed: 1, 1)
        // Half of the chunks end early, as at an episode's end, with noise behind: a loss or codebook that counts padding learns
        // that instead.
        let short = ActionChunks(
            count: chunks.count,
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            values: chunks.values,
            validSteps: chunks.validSteps.map { valid in
                Bool.random(using: &random) ? min(valid, Int.random(in: 4 ..< 16, using: &random)) : valid
            }
        )
        let (actions, stepMask) = (short.actions(on: .cpu), short.stepMask(on: .cpu))
        let padded = actions.selected(
            where: stepMask.greater(0).unsqueezed(2),
            otherwise: Tensor.randn(actions.shape) * 2
        )
        func sample(_ count: Int) -> ActionBatch {
            let picks = Tensor((0 ..< count).map { _ in Int.random(in: 0 ..< chunks.count, using: &random) })
            return ActionBatch(
                embodiment: robot,
                actions: padded.gathering(picks, axis: 0),
                stepMask: stepMask.gathering(picks, axis: 0)
            )
        }
        var settings = AdamW.Configuration()
        (settings.learningRate, settings.weightDecay) = (2e-3, 0.01)
        let optimizer = AdamW(model.parameters, configuration: settings)
        for step in 0 ..< 160 {
            if step == 40 { model.initializeCodebooks(from: [sample(1024)]) }
            let loss = model.loss([sample(128)], quantizing: step >= 40, weights: .init())
            loss.total.backward()
            GradientClipping.clip(model.parameters, limit: 1)
            optimizer.step(factor: min(1, Double(160 - step) / 80))
            optimizer.forgetGradients()
        }
        model.fitActionSpaceStages(to: [sample(2048)])
    }
}

extension FASTerVQTokenizer {
    fileprivate func roundTrip(_ original: ActionChunks) throws -> ActionChunks {
        try chunks(for: tokens(for: original))
    }
}
