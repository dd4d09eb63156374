internal import RobotTypes
internal import Torch
internal import VectorQuantization

extension FASTerVQModel {
    /// Chunks that pass through the autoencoder at once.
    private static let batchSize = 1024

    /// Fits the action-space stages: k-means on the residuals of patches after the codebooks before.
    ///
    /// The other weights must not change afterwards. Random numbers are libtorch's.
    ///
    /// - Parameters:
    ///   - batches: Chunks of every robot.
    ///   - report: Called at the beginning and after every codebook, with the number of codebooks that are done and of all.
    public func fitActionSpaceStages(
        to batches: [ActionBatch],
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) {
        withoutGradients {
            let residuals = batches.map(actionSpaceResiduals)
            let stages = actionSpaceQuantizer.stages
            let all = stages.reduce(0) { $0 + $1.entries.size(0) }
            var done = 0
            report(done, all)
            for (type, stages) in stages.enumerated() {
                let own = zip(batches, residuals).flatMap { batch, residuals in
                    zip(batch.embodiment.patchifier.groups, residuals)
                        .filter { actionSpaceQuantizer.types.index(of: $0.0) == type }.map(\.1)
                }
                guard !own.isEmpty else {
                    done += stages.entries.size(0)
                    report(done, all)
                    continue
                }
                var recursion = ResidualRecursion(
                    over: .concatenated(own.map(\.vectors), axis: 0),
                    entries: stages.entries,
                    within: (
                        .concatenated(own.map(\.bounds.lower), axis: 0),
                        .concatenated(own.map(\.bounds.upper), axis: 0)
                    )
                )
                while let codebook = recursion.nextCodebook {
                    let entries = stages.entries.select(0, codebook)
                    entries.copyInPlace(fittedEntries(to: recursion.residual, count: entries.size(0)))
                    _ = recursion.next()
                    done += 1
                    report(done, all)
                }
            }
        }
    }

    private func actionSpaceResiduals(_ chunks: ActionBatch) -> [(
        vectors: Tensor, bounds: ResidualRecursion.Bounds
    )] {
        let (robot, patchifier) = (chunks.embodiment, chunks.embodiment.patchifier.autoencoded)
        let parts = stride(from: 0, to: chunks.count, by: Self.batchSize).map { first in
            let count = min(Self.batchSize, chunks.count - first)
            let batch = latentBatch([(robot, count)])
            let actions = chunks.actions.narrowed(0, from: first, count: count)
            return reconstruct([patchifier.patchify(actions)], in: batch).decoded[0]
        }
        let decoded = patchifier.groups.indices.map { group in
            Tensor.concatenated(parts.map { $0[group] }, axis: 0)
        }
        return actionSpaceQuantizer.residuals(
            of: chunks.actions,
            from: decoded,
            stepMask: chunks.stepMask,
            of: robot
        )
    }

    /// Entries of one codebook for residuals, `[n, steps · columns]`: zero, then means of those beyond the threshold.
    private func fittedEntries(to residuals: Tensor, count: Int) -> Tensor {
        let settings = configuration.actionSpaceQuantizer
        let isBeyond = residuals.abs().max(1).greater(settings.errorThreshold).values(as: Bool.self)
        let beyond = isBeyond.indices.filter { isBeyond[$0] }
        let width = residuals.size(1)
        let zero = Tensor.zeros([1, width], device: residuals.device)
        guard count > 1 else { return zero }
        guard !beyond.isEmpty else { return .zeros([count, width], device: residuals.device) }
        let sample = Self.sample(
            Tensor(beyond, device: residuals.device),
            atMost: (count - 1) * Self.samplesPerEntry
        )
        let means = KMeans.means(
            of: residuals.gathering(sample, axis: 0),
            count: count - 1,
            iterations: settings.kMeansIterations
        ).means
        return .concatenated([zero, means], axis: 0)
    }

    /// Number of residuals that an entry's mean needs; more cost time and change nothing.
    private static let samplesPerEntry = 256

    /// At most `limit` of `indices`, `[n]`, sampled by libtorch's generator.
    private static func sample(_ indices: Tensor, atMost limit: Int) -> Tensor {
        guard indices.size(0) > limit else { return indices }
        let picks = Tensor.randperm(indices.size(0)).narrowed(0, from: 0, count: limit)
        return indices.gathering(picks.to(indices.device), axis: 0)
    }
}
