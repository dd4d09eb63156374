internal import Backbones
internal import NN
internal import Torch

// Axes in this file
//   B  batch      N  tokens      K  codebook entries      L  slots      S  prefix tokens

extension FASTerVLANetwork {
    /// Cross-entropy of the tokens under teacher forcing, plus a little of `<EoBlk>`'s and, for heads with an ``EarlyEnd``,
    /// that of the end.
    func loss(
        of targets: ActionTargets,
        _ head: BlockHead,
        after prefix: Prefix,
        _ settings: LossSettings
    ) -> PolicyLoss {
        guard let codes = targets.codes else { preconditionFailure("a head of tokens is trained on tokens") }
        let (schedule, size) = (head.configuration.schedule, head.configuration.codebookSize)
        // `<EoBlk>` beside a code is an end of its own, not the code's alternative.
        let classCount = head.configuration.earlyEnd == nil ? size + 1 : size
        let conditioning =
            targets.conditioning ?? BlockConditioning(sampledFor: targets, codes, head.configuration)
        let counts = targets.entryCounts
        let (logits, closing) = teacherForcedLogits(
            codes: codes.clampedToEntries(size),
            head,
            prefix: prefix,
            conditioning: conditioning,
            training: true
        )
        let wanted = conditioning.withoutRevealed(codes)
        var losses: [Tensor] = []
        var accuracies: [Tensor] = []
        for (codebook, logits) in logits.enumerated() {
            let count = schedule.latentPositionCount
            let targets = wanted.narrowed(1, from: codebook * count, count: count).reshaped(-1)
            let scores = logits.narrowed(2, from: 0, count: classCount).reshaped(-1, classCount).to(.float32)
            losses.append(
                settings.softLabels?.crossEntropy(
                    scores.reshaped(codes.size(0), count, -1),
                    targets.reshaped(codes.size(0), count),
                    codebook: codebook,
                    count: counts?.select(0, codebook)
                )
                    ?? scores.crossEntropy(
                        targets,
                        labelSmoothing: settings.labelSmoothing,
                        count: counts?.select(0, codebook)
                    )
            )
            accuracies.append(Self.accuracy(of: scores, targets))
        }
        let weights = losses.indices.map { Float(settings.weight(ofCodebook: $0)) }
        let weighted = Tensor.stacked(losses) * Tensor(weights, device: codes.device)
        let ends = Tensor.full(
            [codes.size(0) * schedule.blockSize],
            Double(size),
            dtype: .int64,
            device: codes.device
        )
        let end = closing.reshaped(-1, size + 1).to(.float32).crossEntropy(ends)
        let total = weighted.sum() / Double(weights.reduce(0, +)) + end * settings.endOfBlockWeight
        guard head.configuration.earlyEnd != nil else {
            return PolicyLoss(total: total, codebooks: losses, accuracies: accuracies)
        }
        guard let required = targets.requiredCodebooks else {
            preconditionFailure("a head with an early end is trained on required codebooks")
        }
        let early = EarlyEnd.loss(logits.map { $0.to(.float32) }, requiredCodebooks: required)
        return PolicyLoss(
            total: total + early.loss * settings.earlyEndWeight,
            codebooks: losses,
            accuracies: accuracies,
            endAccuracy: early.accuracy
        )
    }

    /// Logits of all tokens, given the tokens of earlier blocks (teacher forcing).
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, N]`.
    ///   - head: The network's head.
    ///   - prefix: The backbone's prefix for the batch.
    ///   - conditioning: Further inputs, of heads with extensions.
    ///   - training: True perturbs the gaps between positions.
    /// - Returns: `[B, latentPositionCount, K + 1]` of every codebook, and `[B, blockSize, K + 1]` of the closing slots.
    func teacherForcedLogits(
        codes: Tensor,
        _ head: BlockHead,
        prefix: Prefix,
        conditioning: BlockConditioning = BlockConditioning(),
        training: Bool
    ) -> (codebooks: [Tensor], closing: Tensor) {
        let (schedule, gaps) = (head.configuration.schedule, head.configuration.positionGaps)
        let (batch, device) = (codes.size(0), codes.device)
        let closing = schedule.blockSize
        let count = schedule.tokenCount + closing
        var suffix = TeacherForcedSuffix(
            inputs: head.inputs(codes.padded([closing, 0]), slots: 0 ..< count, schedule: schedule),
            positions: training
                ? gaps.perturbedPositions(count, batch: batch, from: prefix.nextPosition)
                : gaps.positions(count, from: prefix.nextPosition),
            prefixMask: prefix.mask ?? .ones([1, 1, 1, prefix.length], dtype: .bool, device: device),
            slotMask: schedule.mask(slots: count, device: device).reshaped(1, 1, count, count)
        )
        conditioning.apply(to: &suffix, of: codes, head)
        var cache = KeyValueCache(prefix)
        let features = suffixDecoder.decode(
            suffix.inputs,
            positions: suffix.positions,
            cache: &cache,
            mask: suffix.mask
        )
        let slots = features.narrowed(1, from: features.size(1) - count, count: count)
        let size = schedule.latentPositionCount
        let logits = (0 ..< schedule.codebookCount).map { codebook in
            head.scores(
                of: slots.narrowed(1, from: codebook * size, count: size),
                codebook: codebook,
                positions: 0 ..< size
            )
        }
        let end = slots.narrowed(1, from: count - closing, count: closing)
        return (logits, head.classifiers[schedule.codebookCount - 1](end))
    }

    /// Fraction of targets, `[n]`, that have the highest score, `[n, K + 1]`, without those below 0.
    private static func accuracy(of scores: Tensor, _ targets: Tensor) -> Tensor {
        withoutGradients {
            let counted = targets.greaterOrEqual(0).to(.float32)
            let right = scores.argmax(1).equal(targets).to(.float32)
            return (right * counted).sum() / counted.sum().clamped(1 ... .infinity)
        }
    }
}

/// Inputs of the training-time forward over all slots.
struct TeacherForcedSuffix {
    /// `[B, L, width]`.
    var inputs: Tensor

    /// Rotary positions, float `[B or 1, L]`.
    var positions: Tensor

    /// Keys before the slots' own that every slot may see, bool `[B or 1, 1, 1, S]`.
    var prefixMask: Tensor

    /// Slots that each slot may see, bool `[1, 1, L, slots]`.
    var slotMask: Tensor

    /// bool `[B or 1, 1, L, S + slots]`.
    var mask: Tensor {
        let (batch, rows) = (prefixMask.size(0), slotMask.size(2))
        return Tensor.concatenated(
            [
                prefixMask.expanded([batch, 1, rows, prefixMask.size(3)]),
                slotMask.expanded([batch, 1, rows, slotMask.size(3)]),
            ],
            axis: 3
        )
    }
}
