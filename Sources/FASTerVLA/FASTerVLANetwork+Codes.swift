internal import Backbones
internal import Torch

// Axes in this file
//   B  batch      N  codes      K  codebook entries      P  pending steps      L  slots      S  prefix tokens

extension FASTerVLANetwork {
    /// What is given to slots beside the codes of earlier blocks.
    struct Given {
        /// Codes that their own slots are told, and which, bool `[B, N]`: slots of the same block see them.
        var ownCodes: Tensor?

        /// Actions that the robot is committed to, normalised `[B, P, dimension]`, and which of them, bool `[B, P]`.
        var pending: (actions: Tensor, areGiven: Tensor)?
    }

    /// Scores for every code, given all codes of earlier blocks (teacher forcing).
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, N]`.
    ///   - head: The network's head.
    ///   - prefix: The backbone's answer for the batch.
    ///   - given: What slots are told beside.
    ///   - training: Whether positions are perturbed.
    /// - Returns: One `[B, places, K + 1]` a codebook, and `[B, closing, K + 1]` for the slots that answer `<EoBlk>`.
    func teacherForcedLogits(
        codes: Tensor,
        _ head: CodeHead,
        prefix: Prefix,
        given: Given = Given(),
        training: Bool
    ) -> (codebooks: [Tensor], closing: Tensor) {
        let (schedule, spacing) = (head.configuration.schedule, head.configuration.spacing)
        let batch = codes.size(0)
        let closing = schedule.blockSize
        let count = schedule.tokenCount + closing
        let own = given.ownCodes.map {
            (codes: codes.padded([0, closing]), areGiven: $0.padded([0, closing]))
        }
        var inputs = head.inputs(
            codes.padded([schedule.blockSize, 0]),
            own: own,
            slots: 0 ..< count,
            schedule: schedule
        )
        var positions =
            training
            ? spacing.perturbedPositions(count, batch: batch, from: prefix.nextPosition, device: codes.device)
            : spacing.positions(count, from: prefix.nextPosition, device: codes.device)
        var pendingCount = 0
        if let pending = given.pending, let steps = head.inputs(pending: pending.actions) {
            pendingCount = pending.actions.size(1)
            inputs = Tensor.concatenated([steps, inputs], axis: 1)
            positions = positions.padded([pendingCount, 0])
        }
        var cache = KeyValueCache(prefix)
        let features = features(
            inputs,
            positions: positions,
            cache: &cache,
            mask: mask(count, schedule, prefix, pending: given.pending?.areGiven, batch: batch)
        ).narrowed(1, from: pendingCount, count: count)
        let places = schedule.placeCount
        let answers = (0 ..< schedule.codebookCount).map { codebook in
            head.logits(features.narrowed(1, from: codebook * places, count: places), codebook: codebook)
        }
        let end = features.narrowed(1, from: count - closing, count: closing)
        return (answers, head.logits(end, codebook: schedule.codebookCount - 1))
    }

    /// Which keys each pending step and slot sees, bool `[B or 1, 1, P + slots, S + P + slots]`.
    private func mask(
        _ count: Int,
        _ schedule: BlockSchedule,
        _ prefix: Prefix,
        pending: Tensor?,
        batch: Int
    ) -> Tensor {
        let device = prefix.keys[0].device
        let length = prefix.keys[0].size(2)
        var own = schedule.mask(slots: count, device: device).reshaped(1, 1, count, count)
        var seen = prefix.mask ?? Tensor.ones([1, 1, 1, length], dtype: .bool, device: device)
        var rows = count
        if let pending {
            // Pending steps see each other and no code; codes see them like a part of the prefix.
            let steps = pending.size(1)
            let blind = Tensor.zeros([1, 1, steps, count], dtype: .bool, device: device)
            own = Tensor.concatenated([blind, own], axis: 2)
            seen = Tensor.concatenated(
                [seen.expanded([batch, 1, 1, length]), pending.unsqueezed(1).unsqueezed(1)],
                axis: 3
            )
            rows += steps
        }
        let leading = seen.size(0)
        return Tensor.concatenated(
            [seen.expanded([leading, 1, rows, seen.size(3)]), own.expanded([leading, 1, rows, count])],
            axis: 3
        )
    }

    /// Mean cross-entropy of a batch.
    func loss(
        of targets: ActionTargets,
        _ head: CodeHead,
        after prefix: Prefix,
        _ settings: LossSettings
    ) -> PolicyLoss {
        guard let codes = targets.codes else { preconditionFailure("a head of codes is trained on codes") }
        let (schedule, size) = (head.configuration.schedule, head.configuration.codebookSize)
        let given = drawGiven(targets, codes, head.configuration)
        let fed = codes.clampedToEntries(size)
        let (answers, closing) = teacherForcedLogits(
            codes: fed,
            head,
            prefix: prefix,
            given: given,
            training: true
        )
        // What a slot is told it need not answer.
        let wanted = given.ownCodes.map { codes.filled(where: $0, with: Double(Tensor.noClass)) } ?? codes
        let places = schedule.placeCount
        var losses: [Tensor] = []
        var accuracies: [Tensor] = []
        for (codebook, logits) in answers.enumerated() {
            let targets = wanted.narrowed(1, from: codebook * places, count: places).reshaped(-1)
            let scores = logits.reshaped(-1, size + 1).to(.float32)
            losses.append(scores.crossEntropy(targets, labelSmoothing: settings.labelSmoothing))
            withoutGradients {
                let counted = targets.greaterOrEqual(0).to(.float32)
                let right = scores.argmax(1).equal(targets).to(.float32)
                accuracies.append((right * counted).sum() / counted.sum().clamped(1 ... .infinity))
            }
        }
        let ends = Tensor.full(
            [closing.size(0) * closing.size(1)],
            Double(size),
            dtype: .int64,
            device: codes.device
        )
        let end = closing.reshaped(-1, size + 1).to(.float32).crossEntropy(ends)
        let weights = settings.codebookWeights
        let shares = losses.indices.map { Float(weights.isEmpty ? 1 : weights[min($0, weights.count - 1)]) }
        let weighted = Tensor.stacked(losses) * Tensor(shares, device: codes.device)
        let total = weighted.sum() / Double(shares.reduce(0, +)) + end * 0.01
        return PolicyLoss(total: total, codebooks: losses, accuracies: accuracies)
    }

    /// What a training step tells the slots: for half of the blocks some of their own codes, and for every example a random
    /// number of its first actions.
    ///
    /// - Parameters:
    ///   - targets: What the batch should have been answered with.
    ///   - codes: Its codes, int64 `[B, N]`; those below 0 count in no loss, and are not told.
    ///   - configuration: Says what the head was made for.
    /// - Returns: What is told.
    func drawGiven(
        _ targets: ActionTargets,
        _ codes: Tensor,
        _ configuration: CodeHead.Configuration
    ) -> Given {
        var given = Given()
        let schedule = configuration.schedule
        let (batch, device) = (targets.actions.size(0), targets.actions.device)
        if configuration.looksAgain {
            let blocks = schedule.blocks
            let shares = (Tensor.rand([batch, blocks.count]).to(device) * 2 - 1).clamped(0 ... 1)
            let draws = Tensor.rand([batch, schedule.tokenCount]).to(device)
            // One code of every block is left to be answered, and one that counts: without any, a codebook has no loss.
            let counted = draws.filled(where: codes.less(0), with: 0)
            let last = blocks.map { counted.narrowed(1, from: $0.lowerBound, count: $0.count).max(1) }
            let limits = shares.minimum(.stacked(last, axis: 1))
            let blockOfSlot = (0 ..< schedule.tokenCount).map { schedule.block(ofSlot: $0) }
            given.ownCodes = draws.less(limits.gathering(Tensor(blockOfSlot, device: device), axis: 1))
                .and(codes.greaterOrEqual(0))
        }
        if configuration.pendingSteps > 0 {
            let most = configuration.pendingSteps
            let counts = Tensor.randint(0 ..< most + 1, [batch, 1]).to(device)
            let steps = Tensor.arange(0 ..< most, device: device).unsqueezed(0)
            let areGiven = steps.less(counts).and(targets.isValid.narrowed(1, from: 0, count: most))
            given.pending = (targets.actions.narrowed(1, from: 0, count: most), areGiven)
        }
        return given
    }
}
