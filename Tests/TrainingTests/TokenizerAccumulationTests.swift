import FASTerVQ
import LearnedBaselines
import NN
import RankThreads
import RobotTypes
import Testing
import Torch
import VectorQuantization

@testable import Training

@Suite("Tokenizers' batches in parts", .serialized)
struct TokenizerAccumulationTests {
    private func recipe(parts: Int, batchSize: Int) -> TokenizerRecipe {
        var recipe = TokenizerRecipe()
        (recipe.optimization.batchSize, recipe.optimization.accumulationSteps) = (batchSize, parts)
        (recipe.quantizeAfter, recipe.initialChunks) = (0, 64)
        (recipe.quantizer.codebookSize, recipe.quantizer.decay, recipe.quantizerDropout) = (16, 0.9, 0.5)
        recipe.augmentation = .columnwise
        recipe.autoencoder.width = 32
        (recipe.vqBeT.width, recipe.vqBeT.latentWidth, recipe.vqBeT.quantizer.codebookSize) = (24, 8, 16)
        (recipe.vqVLA.widths, recipe.vqVLA.latentWidth, recipe.vqVLA.quantizer.codebookSize) = (
            [4, 8], 8, 16
        )
        (recipe.oat.width, recipe.oat.headCount, recipe.oat.decoderLayers) = (16, 2, 1)
        return recipe
    }

    /// Chunks of which every third is masked from its third step on.
    private func source(columns: Int) throws -> TokenizerSource {
        Torch.seed(1)
        let count = 100
        let chunks = ActionChunks(
            count: count,
            horizon: 8,
            dimension: columns,
            paddedValues: Tensor.randn([count, 8, columns]).tanh().floats,
            validSteps: (0 ..< count).map { $0 % 3 == 0 ? 2 : 8 }
        )
        return TokenizerSource(
            actionSpace: try ActionSpace(parsing: "position=0:\(columns - 1),gripper=\(columns - 1)"),
            normalization: Normalization(method: .identity, statistics: .unit(columns)),
            chunks: chunks
        )
    }

    /// Gradients, then codebooks, after each of three batches, and the state of libtorch's generator at the end.
    private func steps(
        _ kind: TokenizerKind,
        parts: Int,
        batchSize: Int = 16,
        columns: [Int] = [3],
        processes: ProcessGroup? = nil
    ) throws -> (gradients: [[Float]], codebooks: [[Float]], random: [UInt8]) {
        let (recipe, sources) = (
            recipe(parts: parts, batchSize: batchSize), try columns.map { try source(columns: $0) }
        )
        func steps(_ task: some TokenizerTask) throws -> (
            gradients: [[Float]], codebooks: [[Float]], random: [UInt8]
        ) {
            var (gradients, codebooks): ([[Float]], [[Float]]) = ([], [])
            for step in 0 ..< 3 {
                for parameter in task.parameters { parameter.tensor.setGradient(nil) }
                try withProcesses(processes) {
                    for loss in try task.losses(at: step, computeDType: nil) {
                        (try loss().total / Double(parts)).backward()
                    }
                }
                let tensors = task.parameters.compactMap(\.tensor.gradient)
                try processes?.sum(tensors)
                gradients.append(tensors.flatMap(\.floats).map { $0 / Float(processes?.size ?? 1) })
                let trained = Set(task.parameters.map(\.name))
                codebooks.append(
                    task.state.filter { !trained.contains($0.name) }.flatMap(\.tensor.floats)
                )
            }
            return (gradients, codebooks, Torch.randomState.bytes)
        }
        func baseline<Network: ChunkAutoencoder>(_ configuration: Network.Configuration) -> BaselineTask<
            Network
        > {
            BaselineTask(configuration, recipe, sources[0], seed: 5, processes: processes, device: .cpu)
        }
        return switch kind {
        case .fasterVQ:
            try steps(FASTerVQTask(recipe, sources, seed: 5, processes: processes, device: .cpu))
        case .vqBeT: try steps(baseline(recipe.vqBeT) as BaselineTask<VQBeTNetwork>)
        case .vqVLA: try steps(baseline(recipe.vqVLA) as BaselineTask<VQVLANetwork>)
        case .oat: try steps(baseline(recipe.oat) as BaselineTask<OATNetwork>)
        }
    }

    private func expectEqual(_ one: [[Float]], _ other: [[Float]]) throws {
        try #require(one.map(\.count) == other.map(\.count))
        for (one, other) in zip(one, other) {
            let largest = one.map(abs).max() ?? 0
            let difference = zip(one, other).map { abs($0 - $1) }.max() ?? 0
            #expect(difference <= 1e-6 * max(1, largest), "\(difference) of \(largest)")
        }
    }

    @Test("have the gradients, codebooks and random numbers of whole ones", arguments: TokenizerKind.allCases)
    func equal(kind: TokenizerKind) throws {
        let whole = try steps(kind, parts: 1)
        #expect(whole.gradients.allSatisfy { $0.contains { abs($0) > 1e-3 } })
        let parts = try steps(kind, parts: 4)
        try expectEqual(whole.gradients, parts.gradients)
        try expectEqual(whole.codebooks, parts.codebooks)
        #expect(whole.random == parts.random)
        if kind != .oat { #expect(whole.codebooks[1] != whole.codebooks[2], "the codebooks stand still") }
    }

    @Test("of two robots, too, divided unevenly")
    func robots() throws {
        let whole = try steps(.fasterVQ, parts: 1, batchSize: 22, columns: [3, 5])
        let parts = try steps(.fasterVQ, parts: 3, batchSize: 22, columns: [3, 5])
        try expectEqual(whole.gradients, parts.gradients)
        try expectEqual(whole.codebooks, parts.codebooks)
    }

    @Test("that are too small for as many parts are refused")
    func refused() throws {
        let error = #expect(throws: RecipeError.self) { try steps(.fasterVQ, parts: 5, batchSize: 4) }
        #expect(
            error?.reason
                == "'optimization.batchSize' should be enough for 5 chunks of every robot in a batch, one for each process and "
                + "accumulation step, found 4; some robot has 4; take a larger batch or fewer accumulation steps"
        )
    }
}
