internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import RobotTypes
internal import Torch

/// How well a policy does on episodes that it is not trained on.
struct PolicyValidation {
    private let examples: PolicyExamples
    private let coding: ActionCoding
    private let device: Device
    private let indices: [Int]
    private let batchSize: Int
    private let settings: LossSettings

    /// Looks at evenly spaced examples, as many as `recipe` says.
    init(_ recipe: PolicyRecipe, examples: PolicyExamples, coding: ActionCoding, device: Device) {
        self.examples = examples
        self.coding = coding
        self.device = device
        let count = min(recipe.validationExamples, examples.count)
        indices = (0 ..< count).map { $0 * examples.count / count }
        batchSize = recipe.batchSize
        settings = recipe.lossSettings
    }

    /// Loss, accuracy of every codebook, and the policy's reconstruction error: how far its decoded actions are from the
    /// demonstrated ones, mean absolute and normalised, over steps inside the episode.
    ///
    /// Chance is the same in every measurement, and goes on afterwards as if there had been none: a training that is
    /// measured ends with the same weights as one that is not.
    ///
    /// - Parameters:
    ///   - network: What is measured.
    ///   - furtherTasks: What else its backbone's prefix tells.
    /// - Returns: Measurements by name.
    /// - Throws: The errors of datasets and decoders.
    func measure(
        _ network: FASTerVLANetwork,
        furtherTasks: (PolicyBatch, Prefix) -> [FurtherTask]
    ) throws -> [String: Double] {
        let randomState = Torch.randomState
        defer { Torch.randomState = randomState }
        Torch.seed(0)
        // One motion an example: several are drawn for one observation at a time.
        var decoding = DecodingSettings()
        decoding.draws = 1
        var decoder = AnswerDecoder(network, tokenizer: coding.tokenizer, settings: decoding)
        var sums: [String: Double] = [:]
        for start in stride(from: 0, to: indices.count, by: batchSize) {
            let chosen = Array(indices[start ..< min(start + batchSize, indices.count)])
            let batch = try examples.batch(chosen, augmentation: .none, seed: 0, step: 0)
            let (input, targets) = batch.tensors(examples, device: device)
            let measured = try withoutGradients {
                let prefix = network.backbone.prefix(of: input)
                let loss = network.loss(after: prefix, targets: targets, settings: settings)
                let answer = try decoder.answer(after: prefix)
                var measured = [
                    "validation_loss": loss.total.item,
                    "reconstruction_error": ReconstructionErrors(batch.chunks, answer.chunks).l1,
                ]
                for task in furtherTasks(batch, prefix) {
                    measured["validation_\(task.name)"] = task.loss.item
                }
                for (codebook, accuracy) in loss.accuracies.enumerated() {
                    measured["validation_accuracy_\(codebook)"] = accuracy.item
                }
                return measured
            }
            for (name, value) in measured {
                sums[name, default: 0] += value * Double(chosen.count) / Double(indices.count)
            }
        }
        return sums
    }
}
