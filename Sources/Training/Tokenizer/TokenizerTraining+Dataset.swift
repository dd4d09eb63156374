internal import ActionTokenizers
public import FASTerVQ
public import Foundation
internal import RobotTypes
public import Torch

extension TokenizerTraining {
    /// Trains a tokenizer on demonstrations and writes it to `folder`, beside its measurements.
    ///
    /// - Parameters:
    ///   - demonstrations: What to learn from.
    ///   - episodes: Episodes to use; nil for all.
    ///   - recipe: How to train.
    ///   - seed: Determines first weights and order.
    ///   - folder: Where the tokenizer goes.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - device: Where to compute.
    ///   - report: Called at every measurement.
    /// - Returns: The trained tokenizer.
    /// - Throws: The errors of datasets, recipes and runs, and the system's.
    @discardableResult
    public static func run(
        _ demonstrations: Demonstrations,
        episodes: [Int]?,
        recipe: TokenizerRecipe,
        seed: UInt64,
        to folder: URL,
        resume: Bool,
        device: Device,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws -> FASTerVQTokenizer {
        guard let method = Normalization.Method(rawValue: recipe.normalization) else {
            let known = Normalization.Method.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(
                source: "recipe",
                reason: "'normalization' should be one of \(known), found '\(recipe.normalization)'"
            )
        }
        var configuration = FASTerVQConfiguration(
            actionSpace: demonstrations.actionSpace,
            horizon: recipe.horizon
        )
        configuration.places = recipe.places
        configuration.autoencoder = recipe.autoencoder
        configuration.quantizer = recipe.quantizer
        let normalization = demonstrations.actionNormalization(method, episodes: episodes)
        var chunks = try demonstrations.chunks(horizon: recipe.horizon, episodes: episodes)
        chunks.values = normalization.normalized(chunks.values)
        let run = TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: try RunIdentity(recipe, seed: seed, data: chunks.values).text,
            measureEvery: 20,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
        let training = TokenizerTraining(recipe: recipe, chunks: chunks, seed: seed, device: device)
        let network = try training.train(configuration, run: run, resume: resume)
        let tokenizer = FASTerVQTokenizer(
            configuration: configuration,
            network: network,
            normalization: normalization,
            device: device
        )
        try tokenizer.save(to: folder)
        run.finish()
        return tokenizer
    }
}

/// All that determines a run, as text that two runs can be compared by.
struct RunIdentity {
    let text: String

    init(_ recipe: some Encodable, seed: UInt64, data: [Float]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let fingerprint = data.reduce(UInt64(data.count)) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
        text =
            String(decoding: try encoder.encode(recipe), as: UTF8.self)
            + " seed \(seed), data \(String(fingerprint, radix: 16)), threads \(Torch.threadCount)"
    }
}
