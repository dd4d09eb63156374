internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import RobotTypes
internal import Torch

/// Measurement of a policy on a robot's episodes that it is not trained on.
struct PolicyValidation {
    private let datasets: [PolicyDataset]
    private let coding: ActionCoding
    private let device: Device
    private let examples: [(dataset: Int, index: Int)]
    private let batchSize: Int
    private let settings: LossSettings

    /// Takes evenly spaced examples of `datasets`, as many as `recipe` says.
    init(
        _ recipe: PolicyRecipe,
        _ settings: LossSettings,
        _ datasets: [PolicyDataset],
        coding: ActionCoding,
        device: Device
    ) {
        self.datasets = datasets
        self.coding = coding
        self.device = device
        let all = datasets.enumerated().flatMap { dataset, examples in
            (0 ..< examples.count).map { (dataset, $0) }
        }
        let count = min(recipe.validationExamples, all.count)
        examples = (0 ..< count).map { all[$0 * all.count / count] }
        batchSize = recipe.optimization.batchSize
        self.settings = settings
    }

    /// Measures several robots: the means of their measurements and, if they are `named`, each with its name behind it.
    ///
    /// - Throws: The errors of datasets and decoders.
    static func measure(
        _ network: FASTerVLANetwork,
        _ validations: [(name: String, validation: PolicyValidation)],
        named: Bool
    ) throws -> [String: Double] {
        var metrics: [String: Double] = [:]
        for (name, validation) in validations {
            for (key, value) in try validation.measure(network) {
                metrics[key, default: 0] += value / Double(validations.count)
                if named { metrics["\(key)_\(name)"] = value }
            }
        }
        return metrics
    }

    /// Losses, accuracy of every codebook, and the reconstruction error: mean absolute error of decoded actions,
    /// normalised, over steps inside the episode.
    ///
    /// Random numbers are the same in every measurement, and continue afterwards as if there had been none: a training that
    /// is validated ends with the same weights as one that is not.
    ///
    /// - Throws: The errors of datasets and decoders.
    func measure(_ network: FASTerVLANetwork) throws -> [String: Double] {
        let randomState = Torch.randomState
        defer { Torch.randomState = randomState }
        Torch.seed(0)
        // Several samples are for one observation at a time.
        var decoding = DecodingSettings()
        decoding.sampleCount = 1
        var decoder = ActionDecoder(network, actions: coding, settings: decoding)
        var sums: [String: Double] = [:]
        for start in stride(from: 0, to: examples.count, by: batchSize) {
            let chosen = examples[start ..< min(start + batchSize, examples.count)]
            for (name, value) in try measure(network, batch(chosen), &decoder) {
                sums[name, default: 0] += value * Double(chosen.count) / Double(examples.count)
            }
        }
        return sums
    }

    private func batch(_ examples: ArraySlice<(dataset: Int, index: Int)>) throws -> PolicyBatch {
        let parts = try datasets.indices.compactMap { dataset in
            let own = examples.filter { $0.dataset == dataset }.map(\.index)
            return own.isEmpty
                ? nil : try datasets[dataset].batch(own, augmentation: .none, seed: 0, step: 0)
        }
        return PolicyBatch(joining: parts)
    }

    private func measure(_ network: FASTerVLANetwork, _ batch: PolicyBatch, _ decoder: inout ActionDecoder)
        throws
        -> [String: Double]
    {
        let (input, targets) = (batch.input(on: device), batch.targets(on: device))
        return try withoutGradients {
            let output = network.backbone.output(of: input)
            let loss = network.loss(after: output.prefix, targets: targets, settings: settings)
            let decoded = try decoder.predict(after: output.prefix).chunks
            var metrics = [
                "validation_loss": loss.total.item,
                "reconstruction_error": ReconstructionErrors(
                    batch.chunks.keeping(columns: decoded.dimension),
                    decoded
                ).l1,
            ]
            if let accuracy = loss.endAccuracy { metrics["validation_accuracy_end"] = accuracy.item }
            for auxiliary in datasets[0].auxiliaryLosses(of: output, at: batch, device: device) {
                metrics["validation_\(auxiliary.metric)"] = auxiliary.loss.item
            }
            for (codebook, accuracy) in loss.accuracies.enumerated() {
                metrics["validation_accuracy_\(codebook)"] = accuracy.item
            }
            return metrics
        }
    }
}
