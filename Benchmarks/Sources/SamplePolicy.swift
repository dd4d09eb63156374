import Backbones
import FASTerVLA
import Foundation
import NN
import RobotTypes
import Torch
import Training

/// The shipped MetaWorld policy with observations to try it on, in files that a peer reads.
final class SamplePolicy {
    /// Folder of the policy.
    static let folder = Peer.packageRoot.appending(path: "Models/fastervla-metaworld")

    /// The policy.
    let parts: PolicyFolder.Parts

    /// One observation each, as the backbone reads it.
    let inputs: [PrefixInput]

    /// A batch to train on.
    let batch: (input: PrefixInput, targets: ActionTargets)

    /// Observations, codes, actions and the batch, for peers to compare theirs with.
    let examples: URL

    private let temporary: URL

    private static let observationCount = 8
    private static let batchSize = 32

    /// Loads the policy and makes up observations: noise for images, as times do not depend on it.
    init() throws {
        Torch.seed(3)
        parts = try PolicyFolder.parts(of: Self.folder, device: .cpu)
        inputs = (0 ..< Self.observationCount).map { _ in Self.input(batch: 1) }
        batch = Self.trainingBatch()
        temporary = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        examples = temporary.appending(path: "examples.safetensors")
        try writeExamples()
    }

    deinit { try? FileManager.default.removeItem(at: temporary) }

    /// A batch to train on.
    static func trainingBatch() -> (input: PrefixInput, targets: ActionTargets) {
        let targets = ActionTargets(
            actions: .zeros([batchSize, 16, 4]),
            isValid: .ones([batchSize, 16], dtype: .bool),
            codes: Tensor.randint(0 ..< 512, [batchSize, 15])
        )
        return (input(batch: batchSize), targets)
    }

    /// Made-up observations.
    static func input(batch: Int) -> PrefixInput {
        let text = ByteTokenizer().ids(for: "open the drawer.")
        return PrefixInput(
            images: [Tensor.randint(0 ..< 256, [batch, 96, 96, 3]).to(.uint8)],
            tokens: Tensor(text, shape: [1, text.count]).expanded([batch, -1]).contiguous(),
            state: Tensor.randint(0 ..< 256, [batch, 4])
        )
    }

    private func writeExamples() throws {
        var decoder = ActionDecoder(parts.network, actions: parts.actions)
        let predictions = try withoutGradients {
            try inputs.map { try decoder.predict(after: parts.network.backbone.prefix(of: $0)) }
        }
        func joined(_ tensor: (PrefixInput) -> Tensor) -> Tensor {
            .concatenated(inputs.map(tensor), axis: 0)
        }
        let actions = predictions.flatMap(\.chunks.values)
        let tensors: [(String, Tensor)] = [
            ("image.0", joined { $0.images[0] }), ("text", joined(\.tokens)),
            ("state", joined { $0.state ?? $0.tokens }),
            ("codes", Tensor(predictions.flatMap { $0.sequences?[0] ?? [] }, shape: [inputs.count, 15])),
            ("actions", Tensor(actions, shape: [inputs.count, 16, 4])),
            ("batch.image.0", batch.input.images[0]), ("batch.text", batch.input.tokens),
            ("batch.state", batch.input.state ?? batch.input.tokens),
            ("batch.codes", batch.targets.codes ?? batch.input.tokens),
        ]
        try Checkpoint.save(tensors.map { NamedTensor(name: $0, tensor: $1) }, to: examples)
    }
}

/// One step of a policy's training on one batch, as `PolicyTraining` takes it, without the auxiliary losses of a simulator.
struct PolicyTrainingStep {
    private let network: FASTerVLANetwork
    private let parameters: [NamedTensor]
    private let optimizer: AdamW
    private let average: WeightAverage
    private let batch: (input: PrefixInput, targets: ActionTargets)
    private let dtype: DType?

    /// Takes the weights of a policy's folder; products are in `dtype`.
    init(_ folder: URL, _ batch: (input: PrefixInput, targets: ActionTargets), dtype: DType?) throws {
        network = try PolicyFolder.parts(of: folder, device: .cpu).network
        parameters = network.parameters
        let recipe = PolicyRecipe()
        optimizer = AdamW(parameters, configuration: recipe.optimization.optimizer)
        average = WeightAverage(parameters, decay: recipe.optimization.emaDecay)
        (self.batch, self.dtype) = (batch, dtype)
    }

    /// Takes step `step`.
    func callAsFunction(_ step: Int) {
        withAutocast(to: dtype, on: .cpu) {
            network.loss(batch.input, targets: batch.targets).total
        }.backward()
        GradientClipping.clip(parameters, limit: 1)
        optimizer.step(factor: 1e-3)
        optimizer.forgetGradients()
        average.update(step: step)
    }
}
