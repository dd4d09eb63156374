internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import NN
internal import Torch

/// The training task of a policy: its network, batches of examples, the loss of its head and auxiliary losses.
struct PolicyTask: TrainingTask {
    let network: FASTerVLANetwork
    let seed: UInt64
    let evaluations: [PeriodicEvaluation]

    /// Tensors that the policy's file of weights holds.
    private let ownTensors: [NamedTensor]
    /// The backbone's own prediction of the codes; nil without knowledge insulation.
    private let insulation: BackboneCodes?
    private let datasets: [PolicyDataset]
    private let settings: LossSettings
    private let batches: PolicyBatches
    /// True if several processes share a batch.
    private let sharesBatches: Bool
    private let isCheckpointed: Bool
    private let device: Device

    /// Prepares to train `network` on `datasets`.
    ///
    /// - Parameters:
    ///   - network: Network.
    ///   - configuration: Its architecture.
    ///   - datasets: Examples, of every source.
    ///   - weights: Shares of the sources.
    ///   - recipe: Recipe of the training.
    ///   - settings: Weights of the loss's parts.
    ///   - evaluations: Measurements beside the loss.
    ///   - seed: Seed of order and augmentation.
    ///   - processes: The processes that share the batches; nil for one.
    ///   - device: Device of the network.
    init(
        _ network: FASTerVLANetwork,
        _ configuration: PolicyConfiguration,
        _ datasets: [PolicyDataset],
        weights: [Double],
        _ recipe: PolicyRecipe,
        _ settings: LossSettings,
        evaluations: [PeriodicEvaluation],
        seed: UInt64,
        processes: ProcessGroup? = nil,
        device: Device
    ) {
        self.network = network
        self.seed = seed
        ownTensors = network.ownTensors(configuration)
        insulation =
            recipe.backbone.isInsulated
            ? BackboneCodes(configuration.head, of: network.backbone, device: device) : nil
        self.datasets = datasets
        self.evaluations = evaluations
        self.device = device
        self.settings = settings
        isCheckpointed = recipe.backbone.gradientCheckpointing
        sharesBatches = processes != nil
        batches = PolicyBatches(
            datasets,
            weights: weights,
            recipe,
            seed: seed,
            processes: processes,
            device: device
        )
    }

    /// Layers that are computed again are differentiated apart, one after the other, and may share parameters.
    var completesGradientsAtOnce: Bool { !isCheckpointed }

    var parameters: [NamedTensor] { network.parameters + (insulation?.tensors ?? []) }

    var state: [NamedTensor] { ownTensors + (insulation?.tensors ?? []) }

    func begin(at step: Int) { batches.begin(at: step) }

    /// A part of a batch, with the targets of every one of ``networks``.
    private typealias Part = (batch: LoadedBatch, targets: [ActionTargets])

    /// The policy's network, and that of the backbone's own prediction.
    private var networks: [FASTerVLANetwork] { [network] + (insulation.map { [$0.network] } ?? []) }

    func losses(at step: Int, computeDType: DType?) throws -> [() throws -> TrainingLoss] {
        try parts(of: batches.next()).map { part in
            { withGradientCheckpointing(isCheckpointed) { loss(of: part, computeDType: computeDType) } }
        }
    }

    /// The parts of a batch, which learn the numbers of entries that the whole has in the mean.
    private func parts(of batches: [LoadedBatch]) -> [Part] {
        let targets = batches.map { $0.targets(on: device) }
        guard batches.count > 1 || sharesBatches else {
            return zip(batches, targets).map { batch, targets in (batch, networks.map { _ in targets }) }
        }
        return withoutGradients {
            let sampled = targets.map { targets in networks.map { $0.sampled(targets) } }
            let counts = networks.enumerated().map { index, network in
                Tensor.stacked(sampled.map { network.entryCounts(of: $0[index]) }).mean(0)
            }
            let means = Tensor.concatenated(counts, axis: 0).averagedOverProcesses()
                .split(sizes: counts.map(\.count), axis: 0)
            return zip(batches, sampled).map { batch, targets in
                (batch, zip(targets, means).map { $0.counting($1) })
            }
        }
    }

    private func loss(of part: Part, computeDType: DType?) -> TrainingLoss {
        let (batch, targets) = (part.batch.batch, part.targets[0])
        let input = network.backbone.encodingImages(of: part.batch.input(on: device))
        return withAutocast(to: computeDType, on: device) {
            let output = network.backbone.output(of: input)
            let prefix = insulation == nil ? output.prefix : output.prefix.detached()
            let loss = network.loss(after: prefix, targets: targets, settings: settings)
            var auxiliary = datasets[0].auxiliaryLosses(of: output, at: batch, device: device)
            if let own = insulation?.loss(after: output.prefix, targets: part.targets[1], settings) {
                auxiliary.append(own)
            }
            return TrainingLoss(total: auxiliary.reduce(loss.total) { $0 + $1.loss * $1.weight }) {
                [auxiliary] in
                var metrics = ["loss": loss.total.item]
                if !loss.accuracies.isEmpty {
                    metrics["accuracy"] =
                        loss.accuracies.map(\.item).reduce(0, +) / Double(loss.accuracies.count)
                }
                for (codebook, accuracy) in loss.accuracies.enumerated() {
                    metrics["accuracy_\(codebook)"] = accuracy.item
                }
                if let accuracy = loss.endAccuracy { metrics["accuracy_end"] = accuracy.item }
                for auxiliary in auxiliary { metrics[auxiliary.metric] = auxiliary.loss.item }
                return metrics
            }
        }
    }
}

extension PolicyDataset {
    /// The losses of the auxiliary tasks.
    func auxiliaryLosses(of output: BackboneOutput, at batch: PolicyBatch, device: Device) -> [(
        metric: String, loss: Tensor, weight: Double
    )] {
        auxiliaryTasks.compactMap { task in
            task.loss(of: output, at: batch, device: device).map { (task.metric, $0, task.weight) }
        }
    }
}

extension PolicyRecipe {
    /// Weights within the loss of a head that predicts codes.
    ///
    /// - Parameters:
    ///   - coding: Coding of the only robot's actions; nil for several robots, whose codewords differ, and who learn one-hot targets.
    ///   - device: Device of the targets.
    /// - Returns: The recipe's weights, with soft labels where there are codewords.
    func lossSettings(_ coding: ActionCoding?, device: Device) -> LossSettings {
        var settings = LossSettings()
        if softLabels > 0, let codewords = coding?.tokenizer?.codewords,
            codewords.codebookSize >= SoftLabels.smallestCodebook
        {
            settings.softLabels = SoftLabels(codewords, temperature: softLabels, device: device)
        }
        settings.codebookWeights = codebookWeights
        settings.labelSmoothing = labelSmoothing
        settings.endOfBlockWeight = endOfBlockWeight
        settings.earlyEndWeight = earlyEnd.weight
        return settings
    }
}
