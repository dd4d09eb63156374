internal import FASTerVQ
internal import Quantizers
internal import RobotTypes
internal import Support
internal import Torch

/// FASTerVQ in training: one model, and the chunks of every robot that it learns from.
struct FASTerVQTrainee: TrainableTokenizer {
    let model: FASTerVQModel
    let hasCodebooks: Bool

    private let training: TokenizerTraining
    private let data: [SourceTensors]

    /// The lengths of chunks that occur.
    private let horizons: [Int]

    private var recipe: TokenizerRecipe { training.recipe }

    /// Starts from `start`, or from first weights.
    ///
    /// - Throws: `PatchError` when a robot does not fit the network's patches, ``RecipeError`` when codebooks would begin
    ///   with no chunk of a robot, or the recipe describes another network than that of `start`.
    init(_ training: TokenizerTraining, from start: FASTerVQModel?) throws {
        let (chunks, sources) = (training.recipe.initialChunks, training.sources.count)
        guard start != nil || chunks >= sources else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'initialChunks' should be at least \(sources), one for every dataset and length of chunks, found "
                    + "\(chunks)"
            )
        }
        if let start { try training.recipe.checkNetwork(start.configuration) }
        self.training = training
        horizons = Set(training.sources.map(\.chunks.horizon)).sorted()
        hasCodebooks = start != nil
        let device = training.device
        let model = start ?? FASTerVQModel(Self.configuration(training), device: device)
        self.model = model
        data = try training.sources.map { source in
            let patchifier = try model.makePatchifier(source.actionSpace, horizon: source.chunks.horizon)
            let embodiment = Embodiment(
                patchifier: patchifier,
                normalization: source.normalization,
                device: device
            )
            return SourceTensors(source, embodiment: embodiment, device: device)
        }
    }

    /// The architecture: patches that fit the one robot there is, or robots of every kind.
    private static func configuration(_ training: TokenizerTraining) -> FASTerVQConfiguration {
        let (recipe, sources) = (training.recipe, training.sources)
        let only = sources.count == 1 ? sources.first : nil
        let kinds = Set(sources.flatMap { $0.actionSpace.groups.map(\.kind.rawValue) })
        var configuration = FASTerVQConfiguration(
            patches: only.map {
                PatchShape.fitting($0.actionSpace, horizon: $0.chunks.horizon, places: recipe.places)
            } ?? PatchShape.universal(places: recipe.places).filter { kinds.contains($0.key) }
        )
        configuration.autoencoder = recipe.autoencoder
        configuration.quantizer = recipe.quantizer
        configuration.refinement = recipe.refinement
        return configuration
    }

    var network: FASTerVQNetwork { model.network }

    func initializeCodebooks() {
        var random = SeededRandom(seed: training.seed, 3)
        network.initializeCodebooks(
            from: data.map { source in
                let count = min(recipe.initialChunks / data.count, source.count)
                let picks = Array((0 ..< source.count).shuffled(using: &random).prefix(count))
                let actions = source.actions.gathering(Tensor(picks, device: training.device), axis: 0)
                return (source.embodiment, actions)
            }
        )
    }

    /// Gives the codebooks after the network's their entries, once it is trained.
    func fitRefinement(report: (_ done: Int, _ all: Int) -> Void) {
        Torch.seed(training.seed)
        var random = SeededRandom(seed: training.seed, 4)
        let total = training.sources.reduce(0) { $0 + $1.weight }
        let examples = zip(data, training.sources).map { tensors, source in
            let share = total > 0 ? source.weight / total : 1 / Double(data.count)
            let count = min(tensors.count, max(1, Int(share * Double(recipe.refinement.chunks))))
            let picks = Array((0 ..< tensors.count).shuffled(using: &random).prefix(count))
            let chunks = tensors.chunks(at: picks)
            return RefinementExamples(
                embodiment: tensors.embodiment,
                actions: chunks.actions,
                stepMask: chunks.stepMask
            )
        }
        network.fitRefinement(recipe.refinement, to: examples, report: report)
    }

    func loss(quantizing: Bool, precision: DType?, _ draw: inout SeededRandom) -> (
        total: Tensor, parts: [String: Tensor]
    ) {
        let batch = batch(&draw)
        let depths = quantizerDropout(batch.reduce(0) { $0 + $1.actions.size(0) }, &draw)
        let loss = network.loss(
            batch,
            depths: depths,
            quantizing: quantizing,
            weights: recipe.loss,
            precision: precision
        )
        return (
            loss.total,
            ["l1": loss.l1, "frequency": loss.frequency, "commitment": loss.commitment]
        )
    }

    /// Random chunks of one length of a few random robots.
    ///
    /// Where robots are left out, weights say how often; then every robot's share is the same. Where none is, they say how
    /// large a robot's share is.
    func batch(_ draw: inout SeededRandom) -> [TrainingChunks] {
        let horizon = horizons[draw.index(weights: horizons.map { 1 / Double($0 * $0) })]
        let all = data.indices.filter { training.sources[$0].chunks.horizon == horizon }
        let robots = min(max(1, recipe.robotsPerStep), all.count)
        let even = max(1, recipe.batchSize / robots)
        let shares = robots == all.count ? shares(of: all.map { training.sources[$0].weight }) : nil
        var left = Array(all.enumerated())
        return (0 ..< robots).map { _ in
            let position = draw.index(weights: left.map { training.sources[$0.element].weight })
            let robot = left.remove(at: position)
            let source = data[robot.element]
            return source.chunks(
                at: (0 ..< (shares?[robot.offset] ?? even)).map { _ in
                    Int.random(in: 0 ..< source.count, using: &draw)
                }
            )
        }
    }

    /// A batch's chunks shared out by weight, at least one each; nil where all weigh the same.
    private func shares(of weights: [Double]) -> [Int]? {
        guard Set(weights).count > 1 else { return nil }
        let total = weights.reduce(0, +)
        return weights.map { max(1, Int(Double(recipe.batchSize) * $0 / total)) }
    }

    /// How many codebooks each of `count` chunks may use; nil where the recipe drops none.
    private func quantizerDropout(_ count: Int, _ draw: inout SeededRandom) -> Tensor? {
        guard recipe.quantizerDropout > 0 else { return nil }
        let all = model.configuration.quantizer.codebookCount
        let depths = (0 ..< count).map { _ in
            Double.random(in: 0 ..< 1, using: &draw) < recipe.quantizerDropout
                ? Int.random(in: 1 ... all, using: &draw) : all
        }
        return Tensor(depths, device: training.device)
    }
}
