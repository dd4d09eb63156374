internal import FASTerVQ
internal import RobotTypes
internal import Support
internal import Torch
internal import VectorQuantization

/// The training task of FASTerVQ: one model, and the chunks of every robot that it learns from.
struct FASTerVQTask: TokenizerTask {
    let recipe: TokenizerRecipe
    let seed: UInt64
    let model: FASTerVQModel
    let startsFromModel: Bool
    let hasCodebooks: Bool

    private let device: Device
    private let processes: ProcessGroup?
    private let data: [SourceTensors]

    /// Every robot's weight, and the lengths of chunks that occur.
    private let weights: [Double]
    private let horizons: [Int]

    var network: FASTerVQModel { model }

    /// Prepares to train from `start`, or from random initialisation where that is nil.
    ///
    /// - Throws: `PatchError` when a robot does not fit the network's patches, ``RecipeError`` when codebooks would be
    ///   initialised without a chunk of some robot, or the recipe describes another network than that of `start`.
    init(
        _ recipe: TokenizerRecipe,
        _ sources: [TokenizerSource],
        from start: FASTerVQModel? = nil,
        seed: UInt64,
        processes: ProcessGroup? = nil,
        device: Device
    ) throws {
        guard start != nil || recipe.initialChunks >= sources.count else {
            throw RecipeError(
                InvalidValue(
                    "initialChunks",
                    expected: "at least \(sources.count), one for every dataset and horizon",
                    found: recipe.initialChunks
                )
            )
        }
        if let start { try recipe.checkAutoencoder(start.configuration) }
        (self.recipe, self.seed, self.device) = (recipe, seed, device)
        self.processes = processes
        horizons = Set(sources.map(\.chunks.horizon)).sorted()
        weights = sources.map(\.weight)
        startsFromModel = start != nil
        hasCodebooks = start?.hasCodebooks(of: recipe.quantizer) ?? false
        let first = hasCodebooks ? start : start?.with(quantizer: recipe.quantizer)
        Torch.seed(seed)
        let model = first ?? FASTerVQModel(Self.configuration(recipe, sources), device: device)
        self.model = model
        data = try sources.map { try SourceTensors($0, model: model, device: device) }
        try checkSharing()
    }

    /// Checks that every share of a batch has a chunk of every robot.
    private func checkSharing() throws(RecipeError) {
        let fewest = horizons.flatMap { counts(of: robots(withHorizon: $0)) }.min() ?? 0
        let parts = recipe.optimization.accumulationSteps
        let shares = (processes?.size ?? 1) * parts
        guard fewest < shares else { return }
        throw RecipeError(
            InvalidValue(
                "optimization.batchSize",
                expected: "enough for \(shares) chunks of every robot in a batch, one for each process"
                    + (parts > 1 ? " and accumulation step" : ""),
                found: recipe.optimization.batchSize,
                remedy: "some robot has \(fewest); take a larger batch or fewer "
                    + (parts > 1 ? "accumulation steps" : "processes")
            )
        )
    }

    /// The architecture: patches that fit the one robot there is, or robots of every type.
    private static func configuration(_ recipe: TokenizerRecipe, _ sources: [TokenizerSource])
        -> FASTerVQConfiguration
    {
        let only = sources.count == 1 ? sources.first : nil
        let types = Set(sources.flatMap { $0.actionSpace.groups.map(\.kind.rawValue) })
        var configuration = FASTerVQConfiguration(
            patches: only.map {
                PatchShape.fitting(
                    $0.actionSpace,
                    horizon: $0.chunks.horizon,
                    latentPositions: recipe.latentPositions,
                    bypassingGrippers: recipe.bypassesGrippers
                )
            }
                ?? PatchShape.universal(
                    latentPositions: recipe.latentPositions,
                    bypassingGrippers: recipe.bypassesGrippers
                ).filter { types.contains($0.key) }
        )
        configuration.autoencoder = recipe.autoencoder
        configuration.quantizer = recipe.quantizer
        configuration.actionSpaceQuantizer = recipe.actionSpaceQuantizer
        return configuration
    }

    var hasHeldOut: Bool { data.contains { $0.heldOut != nil } }

    func initializeCodebooks() {
        var random = SeededRandom(seed: seed, 3)
        model.initializeCodebooks(
            from: data.map { source in
                let count = min(recipe.initialChunks / data.count, source.count)
                let picks = Array((0 ..< source.count).shuffled(using: &random).prefix(count))
                return source.chunks(at: picks, recipe.augmentation, &random)
            }
        )
    }

    /// Fits the action-space residual stages to the residuals of the trained network, by k-means.
    func fitActionSpaceStages(report: (_ done: Int, _ all: Int) -> Void) {
        Torch.seed(seed)
        var random = SeededRandom(seed: seed, 4)
        let total = weights.reduce(0, +)
        let examples = zip(data, weights).map { source, weight in
            let fraction = total > 0 ? weight / total : 1 / Double(data.count)
            let count = min(
                source.count,
                max(1, Int(fraction * Double(recipe.actionSpaceQuantizer.fittingChunks)))
            )
            let picks = Array((0 ..< source.count).shuffled(using: &random).prefix(count))
            return source.chunks(at: picks, recipe.augmentation, &random)
        }
        model.fitActionSpaceStages(to: examples, report: report)
    }

    func heldOutL1() -> Double {
        let errors = data.compactMap { source -> Double? in
            let batches = source.heldOutBatches(of: recipe.optimization.batchSize)
            guard !batches.isEmpty else { return nil }
            let sum = batches.reduce(0) { $0 + model.l1([$1]).item * Double($1.count) }
            return sum / Double(batches.reduce(0) { $0 + $1.count })
        }
        return errors.reduce(0, +) / Double(errors.count)
    }

    func losses(quantizing: Bool, computeDType: DType?, _ random: inout SeededRandom) -> [() throws ->
        TrainingLoss]
    {
        let whole = batch(&random)
        let active = activeQuantizers(of: whole.reduce(0) { $0 + $1.count }, &random)
        return BatchShare.all(of: processes, parts: recipe.optimization.accumulationSteps).map { share in
            { loss(of: whole, share, active, quantizing, computeDType) }
        }
    }

    /// The loss of a share of a batch, whose chunks may use as many codebooks as `active` says.
    private func loss(
        of whole: [ActionBatch],
        _ share: BatchShare?,
        _ active: Tensor?,
        _ quantizing: Bool,
        _ computeDType: DType?
    ) -> TrainingLoss {
        let batch = whole.map { $0.chunks(of: share) }
        let loss = model.loss(
            batch,
            activeQuantizers: active.map { self.share(batch, of: $0, whole) },
            quantizing: quantizing,
            weights: recipe.loss,
            computeDType: computeDType
        )
        return TrainingLoss(total: loss.total) {
            [
                "loss": loss.total.item, "l1": loss.l1.item, "dct_l1": loss.dctL1.item,
                "commitment": loss.commitment.item,
            ]
        }
    }

    /// The entries of the chunks of `batch` among those of all chunks of the `whole` that it is a share of.
    private func share(_ batch: [ActionBatch], of entries: Tensor, _ whole: [ActionBatch]) -> Tensor {
        let parts = zip(entries.split(sizes: whole.map(\.count), axis: 0), batch).map { part, chunks in
            part.narrowed(0, from: chunks.share?.rows.lowerBound ?? 0, count: chunks.count)
        }
        return .concatenated(parts, axis: 0)
    }

    /// Random chunks of one length, of a few random robots.
    ///
    /// If all robots are in every batch, weights divide the batch among them. If only some are, weights are the
    /// probabilities of being in it, and the batch is divided evenly.
    func batch(_ random: inout SeededRandom) -> [ActionBatch] {
        let horizon = horizons[random.index(weights: horizons.map { 1 / Double($0 * $0) })]
        let all = robots(withHorizon: horizon)
        let counts = counts(of: all)
        var remaining = Array(all.enumerated())
        return (0 ..< robotsInBatch(of: all)).map { _ in
            let position = random.index(weights: remaining.map { weights[$0.element] })
            let robot = remaining.remove(at: position)
            let source = data[robot.element]
            return source.randomChunks(counts[robot.offset], recipe.augmentation, &random)
        }
    }

    private func robots(withHorizon horizon: Int) -> [Int] {
        data.indices.filter { data[$0].horizon == horizon }
    }

    private func robotsInBatch(of all: [Int]) -> Int { min(max(1, recipe.robotsPerStep), all.count) }

    /// Chunks of each robot that is in a batch: evenly, or where all are, in proportion to the weights, at least one each.
    private func counts(of all: [Int]) -> [Int] {
        let batchSize = recipe.optimization.batchSize
        let weights = all.map { self.weights[$0] }
        guard robotsInBatch(of: all) == all.count, Set(weights).count > 1 else {
            return all.map { _ in max(1, batchSize / robotsInBatch(of: all)) }
        }
        let total = weights.reduce(0, +)
        return weights.map { max(1, Int(Double(batchSize) * $0 / total)) }
    }

    /// Number of active quantizers of each of `count` chunks; nil where the recipe has no quantizer dropout.
    private func activeQuantizers(of count: Int, _ random: inout SeededRandom) -> Tensor? {
        guard recipe.quantizerDropout > 0 else { return nil }
        let all = model.configuration.quantizer.codebookCount
        let active = (0 ..< count).map { _ in
            Double.random(in: 0 ..< 1, using: &random) < recipe.quantizerDropout
                ? Int.random(in: 1 ... all, using: &random) : all
        }
        return Tensor(active, device: device)
    }
}
