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
        print("QUALITY", error.l1, error.chunkL1.count)
        #expect(error.l1 < 0.05)
    }

    private func train(_ model: FASTerVQModel, on chunks: ActionChunks, _ robot: Embodiment) {
        let (actions, stepMask) = (chunks.actions(on: .cpu), chunks.stepMask(on: .cpu))
        // Values beyond an episode's end are far off, so that a loss which counts them learns something else.
        let noise = Tensor.randn(actions.shape) * 3
        let padded = actions.selected(where: stepMask.greater(0).unsqueezed(2), otherwise: noise)
        var random = SeededRandom(seed: 1, 1)
        func draw(_ count: Int) -> ActionBatch {
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
            if step == 40 { model.initializeCodebooks(from: [draw(1024)]) }
            let loss = model.loss([draw(128)], quantizing: step >= 40, weights: .init())
            loss.total.backward()
            GradientClipping.clip(model.parameters, limit: 1)
            optimizer.step(factor: min(1, Double(160 - step) / 80))
            optimizer.forgetGradients()
        }
        model.fitActionSpaceStages(to: [draw(2048)])
    }
}

extension FASTerVQTokenizer {
    fileprivate func roundTrip(_ original: ActionChunks) throws -> ActionChunks {
        try chunks(for: tokens(for: original))
    }
}
