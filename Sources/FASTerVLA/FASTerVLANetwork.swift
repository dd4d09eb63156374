public import Backbones
public import NN
public import Torch

// Axes in this file
//   B  batch      N  codes      K  codebook entries

/// Backbone and action expert: what is trained.
public struct FASTerVLANetwork: Module {
    /// Reads images, instruction and state.
    public let backbone: any Backbone

    /// Predicts codes.
    public let expert: ActionExpert

    /// How codes are laid out.
    public let schedule: BlockSchedule

    /// Distances between action tokens' positions.
    public let spacing: Spacing

    /// Creates a network with first weights from libtorch's generator.
    public init(
        backbone: any Backbone,
        expert: ActionExpert.Configuration,
        schedule: BlockSchedule,
        codebookSize: Int,
        spacing: Spacing,
        device: Device
    ) {
        self.backbone = backbone
        self.expert = ActionExpert(
            expert,
            schedule: schedule,
            codebookSize: codebookSize,
            backbone: backbone,
            device: device
        )
        self.schedule = schedule
        self.spacing = spacing
    }

    /// Scores for every code, given all codes of earlier blocks (teacher forcing).
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, N]`.
    ///   - prefix: The backbone's answer for the batch.
    ///   - training: Whether positions are perturbed.
    /// - Returns: One `[B, places, K + 1]` a codebook, and `[B, closing, K + 1]` for the slots that answer `<EoBlk>`.
    public func teacherForcedLogits(
        codes: Tensor,
        prefix: Prefix,
        training: Bool
    ) -> (codebooks: [Tensor], closing: Tensor) {
        let batch = codes.size(0)
        let closing = schedule.blockSize
        let count = schedule.tokenCount + closing
        let previous = codes.padded([schedule.blockSize, 0])
        let inputs = expert.inputs(previous, slots: 0 ..< count, schedule: schedule)
        let positions =
            training
            ? spacing.perturbedPositions(count, batch: batch, from: prefix.nextPosition, device: codes.device)
            : spacing.positions(count, from: prefix.nextPosition, device: codes.device)
        var cache = KeyValueCache(prefix)
        let features = expert.features(
            inputs,
            positions: positions,
            prefix: prefix,
            cache: &cache,
            mask: mask(count, prefix, batch: batch)
        )
        let places = schedule.placeCount
        let answers = (0 ..< schedule.codebookCount).map { codebook in
            expert.logits(features.narrowed(1, from: codebook * places, count: places), codebook: codebook)
        }
        let end = features.narrowed(1, from: count - closing, count: closing)
        return (answers, expert.logits(end, codebook: schedule.codebookCount - 1))
    }

    /// Which keys each slot sees, bool `[B or 1, 1, slots, S + slots]`.
    private func mask(_ count: Int, _ prefix: Prefix, batch: Int) -> Tensor {
        let own = schedule.mask(slots: count, device: prefix.keys[0].device).reshaped(1, 1, count, count)
        let length = prefix.keys[0].size(2)
        guard let seen = prefix.mask else {
            let all = Tensor.ones([1, 1, count, length], dtype: .bool, device: own.device)
            return Tensor.concatenated([all, own], axis: 3)
        }
        return Tensor.concatenated(
            [seen.expanded([batch, 1, count, length]), own.expanded([batch, 1, count, count])],
            axis: 3
        )
    }

    /// Mean cross-entropy of a batch, and what to watch.
    ///
    /// - Parameters:
    ///   - input: What the robot saw.
    ///   - codes: int64 `[B, N]`; -100 where the place lies beyond the episode's end and does not count.
    ///   - weights: Share of each codebook's loss in the whole, up to a factor; those that are left out count like
    ///     the last one that is given, and all alike where none is.
    ///   - labelSmoothing: Share of the target spread over all entries.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ input: PrefixInput,
        codes: Tensor,
        weights: [Double] = [],
        labelSmoothing: Double = 0
    ) -> PolicyLoss {
        let prefix = backbone.prefix(of: input)
        let fed = codes.maximum(codes.zerosLike())
        let (answers, closing) = teacherForcedLogits(codes: fed, prefix: prefix, training: true)
        let places = schedule.placeCount
        var losses: [Tensor] = []
        var accuracies: [Tensor] = []
        for (codebook, logits) in answers.enumerated() {
            let targets = codes.narrowed(1, from: codebook * places, count: places).reshaped(-1)
            let scores = logits.reshaped(-1, expert.codebookSize + 1).to(.float32)
            losses.append(scores.crossEntropy(targets, labelSmoothing: labelSmoothing))
            withoutGradients {
                let counted = targets.greaterOrEqual(0).to(.float32)
                let right = scores.argmax(1).equal(targets).to(.float32)
                accuracies.append((right * counted).sum() / counted.sum().clamped(1 ... .infinity))
            }
        }
        let ends = Tensor.full(
            [closing.size(0) * closing.size(1)],
            Double(expert.codebookSize),
            dtype: .int64,
            device: codes.device
        )
        let end = closing.reshaped(-1, expert.codebookSize + 1).to(.float32).crossEntropy(ends)
        let shares = losses.indices.map { Float(weights.isEmpty ? 1 : weights[min($0, weights.count - 1)]) }
        let mean =
            (Tensor.stacked(losses) * Tensor(shares, device: codes.device)).sum()
            / Double(shares.reduce(0, +))
        let total = mean + end * 0.01
        return PolicyLoss(total: total, codebooks: losses, accuracies: accuracies)
    }
}

/// The loss of one batch and its parts.
public struct PolicyLoss {
    /// What is minimised, a scalar.
    public let total: Tensor

    /// Cross-entropy of every codebook, scalars.
    public let codebooks: [Tensor]

    /// Share of codes of every codebook predicted right, scalars.
    public let accuracies: [Tensor]
}
