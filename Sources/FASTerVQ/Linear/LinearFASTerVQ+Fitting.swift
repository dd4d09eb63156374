internal import Foundation
public import RobotTypes
public import Support
public import Torch
internal import VectorQuantization

extension LinearFASTerVQ {
    /// Settings of a fit.
    public struct Fitting: Equatable, Sendable, Validatable {
        /// Number of latent positions; nil for as many as the data take.
        public var latentPositions: Int?

        /// Number of codebooks.
        public var codebookCount = 3

        /// Number of entries of a codebook.
        public var codebookSize = 4096

        /// Seed of the samples and of k-means.
        public var seed: UInt64 = 0

        /// The codebooks of the paper: three of 4096 entries.
        public init() {}

        /// Checks every value.
        ///
        /// - Throws: `InvalidValue` for the first one that is out of range.
        public func validate() throws(InvalidValue) {
            if let latentPositions {
                try Validation.require(["positions": latentPositions], in: 1 ... 4096)
            }
            try Validation.require(["codebooks": codebookCount], in: 1 ... 64)
            try Validation.require(["entries": codebookSize], in: 2 ... 1 << 16)
        }

        /// Root of the mean squared error of a component, in normalised units, that the number of latent positions is chosen
        /// for.
        fileprivate static let targetError = 0.01

        /// Number of chunks of a fit for each entry of a codebook.
        fileprivate static let chunksPerEntry = 40

        /// Number of chunks of a fit.
        fileprivate var sampleCount: Int { max(4096, Self.chunksPerEntry * codebookSize) }

        /// Number of latent positions of a trial fit of augmentations.
        fileprivate static let trialPositions = 2

        /// Number of residuals that k-means is fitted to for each entry of a codebook.
        fileprivate static let samplesPerEntry = 30

        /// Iterations of k-means.
        fileprivate static let kMeansIterations = 10

        fileprivate var bitsPerPosition: Double { Double(codebookCount) * log2(Double(codebookSize)) }
    }

    /// Fits a model to chunks.
    ///
    /// Partition and augmentation are those with the lowest error on held-out episodes.
    ///
    /// - Parameters:
    ///   - chunks: Normalised chunks, at least one, episode after episode.
    ///   - space: The robot's groups.
    ///   - normalization: Statistics of the robot's actions: chunks stay within the recorded range.
    ///   - settings: Settings of the fit.
    ///   - device: Device to compute on.
    ///   - share: This process's share of the searches for nearest entries, which take most of the time, among processes that fit the
    ///     same chunks, within `withProcesses`; nil for one process.
    ///   - report: Called at the beginning and after every codebook, with the number of codebooks that are done and of all.
    public init(
        fitting chunks: ActionChunks,
        _ space: ActionSpace,
        _ normalization: Normalization,
        _ settings: Fitting,
        device: Device,
        share: BatchShare? = nil,
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) {
        Torch.seed(settings.seed)
        let sampler = FittingChunks(chunks, normalization, device: device)
        let partition = Self.bestPartition(of: sampler, space, settings, share)
        let augmentation = Self.bestAugmentation(of: sampler, space, partition, settings, share)
        let fitted = LinearFASTerVQ(
            fitting: sampler.samples(augmentation, of: sampler.all, count: settings.sampleCount),
            space,
            partition,
            settings,
            share,
            report: report
        )
        // Principal components of all columns exist for every robot.
        guard let fitted else { preconditionFailure("no latent positions") }
        self = fitted
    }

    /// Fits a model of one partition to chunks, `[n, T, D]`, with the first latent positions only, if there are more than
    /// `limit`; nil where the robot has no such partition.
    private init?(
        fitting samples: Tensor,
        _ space: ActionSpace,
        _ partition: LatentPartition,
        _ settings: Fitting,
        _ share: BatchShare?,
        atMost limit: Int = .max,
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) {
        let mean = samples.mean(0)
        let centred = samples - mean
        let subspaces = partition.subspaces(
            of: centred,
            space,
            positionCount: settings.latentPositions,
            bitsPerPosition: settings.bitsPerPosition,
            targetError: Fitting.targetError
        )
        guard let subspaces = subspaces?.prefix(limit) else { return nil }
        let rows = centred.reshaped(centred.size(0), -1)
        let types = Dictionary(grouping: subspaces.indices) { subspaces[$0].type }
        let all = types.count * settings.codebookCount
        report(0, all)
        var entries: [Int: Tensor] = [:]
        for (done, (type, positions)) in types.sorted(by: { $0.key < $1.key }).enumerated() {
            let latents = positions.map { rows.matmul(subspaces[$0].basis.transposed(0, 1)) }
            entries[type] = Self.entries(fitting: .concatenated(latents, axis: 0), settings, share) {
                report(done * settings.codebookCount + $0, all)
            }
        }
        let positions = subspaces.compactMap { subspace in
            entries[subspace.type].map { LatentPosition(components: subspace.basis, entries: $0) }
        }
        self.init(
            mean: mean.reshaped(-1),
            positions: positions,
            partition: partition,
            codebookCount: settings.codebookCount,
            codebookSize: settings.codebookSize
        )
    }

    /// The partition with the lowest error on held-out episodes, in trials with small codebooks.
    ///
    /// All have the number of latent positions that is asked for, or as many as there are patches.
    private static func bestPartition(
        of sampler: FittingChunks,
        _ space: ActionSpace,
        _ settings: Fitting,
        _ share: BatchShare?
    ) -> LatentPartition {
        let samples = sampler.samples(.mostlyJoint, of: sampler.training, count: settings.sampleCount / 3)
        var trial = settings
        (trial.codebookCount, trial.codebookSize) = (2, min(settings.codebookSize, 256))
        var best: (partition: LatentPartition, error: Double)?
        for partition in [LatentPartition.patches, .components, .componentsBesideGrippers] {
            guard let model = LinearFASTerVQ(fitting: samples, space, partition, trial, share) else {
                continue
            }
            trial.latentPositions = model.latentPositionCount
            let error = model.error(on: sampler.recorded(sampler.heldOut))
            if error < best?.error ?? .infinity { best = (partition, error) }
        }
        return best?.partition ?? .components
    }

    /// The augmentation with the lowest error on held-out episodes.
    ///
    /// Large codebooks overfit where small ones do not, so the trials have as many entries as the fit itself, and few latent
    /// positions.
    private static func bestAugmentation(
        of sampler: FittingChunks,
        _ space: ActionSpace,
        _ partition: LatentPartition,
        _ settings: Fitting,
        _ share: BatchShare?
    ) -> ChunkAugmentation {
        var trial = settings
        trial.codebookCount = min(2, settings.codebookCount)
        let grippers = space.groups.count { $0.kind == .gripper }
        trial.latentPositions =
            switch partition {
            case .components: Fitting.trialPositions
            case .componentsBesideGrippers: Fitting.trialPositions + grippers
            case .patches: settings.latentPositions
            }
        var best: (augmentation: ChunkAugmentation, error: Double)?
        for augmentation in ChunkAugmentation.allCases {
            let samples = sampler.samples(augmentation, of: sampler.training, count: settings.sampleCount)
            let model = LinearFASTerVQ(
                fitting: samples,
                space,
                partition,
                trial,
                share,
                atMost: Fitting.trialPositions
            )
            guard let error = model?.error(on: sampler.recorded(sampler.heldOut)) else { continue }
            if error < best?.error ?? .infinity { best = (augmentation, error) }
        }
        return best?.augmentation ?? .mostlyJoint
    }

    /// Mean absolute error of chunks, `[n, T, D]`, encoded and decoded; rank 0's, so that all processes decide alike.
    private func error(on chunks: Tensor) -> Double {
        let error = (decode(encode(chunks), horizon: chunks.size(1)) - chunks).abs().mean()
        ProcessGroup.broadcast([error])
        return error.item
    }

    /// Residual codebooks of the components, `[n, components]`, of one latent position or of several alike.
    ///
    /// From the second codebook on, the larger a residual, the likelier k-means sees it: entries go to the tail of
    /// the errors.
    ///
    /// - Returns: `[codebooks, K, components]`.
    private static func entries(
        fitting latents: Tensor,
        _ settings: Fitting,
        _ share: BatchShare?,
        report: (_ done: Int) -> Void
    ) -> Tensor {
        let entries = Tensor.zeros(
            [settings.codebookCount, settings.codebookSize, latents.size(1)],
            device: latents.device
        )
        let count = min(latents.size(0), Fitting.samplesPerEntry * settings.codebookSize)
        var recursion = ResidualRecursion(over: latents, entries: entries, share: share)
        while let codebook = recursion.nextCodebook {
            let residual = recursion.residual
            let weights =
                codebook == 0
                ? .ones([residual.size(0)], device: residual.device) : residual.squared().sum(1).sqrt() + 1e-9
            let picks = Tensor.differentPicks(count, weights: weights)
            let sample = residual.gathering(picks, axis: 0)
            // Processors of other machines may round otherwise, and pick others.
            ProcessGroup.broadcast([sample])
            let means = KMeans.means(
                of: sample,
                count: settings.codebookSize,
                iterations: Fitting.kMeansIterations,
                share: share
            ).means
            entries.select(0, codebook).copyInPlace(means)
            _ = recursion.next()
            report(codebook + 1)
        }
        return entries
    }
}
