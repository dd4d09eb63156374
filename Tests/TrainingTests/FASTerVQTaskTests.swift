import FASTerVQ
import Foundation
import NN
import RobotTypes
import Support
import Testing
import Torch
import VectorQuantization

@testable import Training

@Suite("FASTerVQ in training")
struct FASTerVQTaskTests {
    /// Robots of 1, 2, 3 columns, with these weights.
    private func task(
        _ weights: [Double],
        robotsPerStep: Int = 4,
        initialChunks: Int = 64,
        from start: FASTerVQModel? = nil,
        _ change: (inout TokenizerRecipe) -> Void = { _ in }
    ) throws -> FASTerVQTask {
        var recipe = TokenizerRecipe()
        recipe.optimization.batchSize = 16
        (recipe.robotsPerStep, recipe.initialChunks) = (robotsPerStep, initialChunks)
        recipe.autoencoder.width = 32
        recipe.quantizer.codebookSize = 16
        change(&recipe)
        let sources = try weights.enumerated().map { index, weight in
            let columns = index + 1
            return TokenizerSource(
                actionSpace: try ActionSpace(parsing: "position=0:\(columns)"),
                normalization: Normalization(method: .identity, statistics: .unit(columns)),
                chunks: ActionChunks(
                    count: 12,
                    horizon: 16,
                    dimension: columns,
                    values: (0 ..< 12 * 16 * columns).map { sin(Float($0)) }
                ),
                weight: weight
            )
        }
        return try FASTerVQTask(recipe, sources, from: start, seed: 5, device: .cpu)
    }

    /// Chunks of each robot in one batch, by its columns.
    private func counts(_ task: FASTerVQTask, _ step: UInt64 = 0) -> [Int: Int] {
        var random = SeededRandom(seed: 3, step)
        let batch = task.batch(&random)
        return Dictionary(uniqueKeysWithValues: batch.map { ($0.actions.size(2), $0.actions.size(0)) })
    }

    @Test("divides a batch by weight where every robot is in it, at least a chunk each")
    func weights() throws {
        #expect(try counts(task([3, 1])) == [1: 12, 2: 4])
        #expect(try counts(task([1000, 1])) == [1: 15, 2: 1])
    }

    @Test("divides a batch evenly where robots weigh the same", arguments: [1, 0.1, 3])
    func evenly(weight: Double) throws {
        #expect(try counts(task([weight, weight])) == [1: 8, 2: 8])
        #expect(try counts(task([weight, weight, weight])) == [1: 5, 2: 5, 3: 5])
    }

    @Test("samples a robot in proportion to its weight where not all are in a batch")
    func samples() throws {
        let task = try task([3, 1], robotsPerStep: 1)
        let sampled = (0 ..< 200).map { counts(task, $0) }
        #expect(sampled.allSatisfy { $0 == [1: 16] || $0 == [2: 16] })
        let first = Double(sampled.filter { $0 == [1: 16] }.count) / 200
        #expect(abs(first - 0.75) < 0.12)
    }

    @Test("refuses to initialise codebooks without a chunk of some robot")
    func initialChunks() throws {
        let error = #expect(throws: RecipeError.self) { try task([1, 1, 1], initialChunks: 2) }
        #expect(
            error?.reason
                == "'initialChunks' should be at least 3, one for every dataset and horizon, found 2"
        )
        try task([1, 1, 1], initialChunks: 3).initializeCodebooks()
    }

    @Test("adds differences of chunks within the recorded range", arguments: ChunkAugmentation.allCases)
    func augmentation(kind: ChunkAugmentation) throws {
        let task = try task([1]) { $0.augmentation = kind }
        var random = SeededRandom(seed: 4)
        Torch.seed(4)
        let actions = task.batch(&random)[0].actions.floats
        #expect(actions.allSatisfy { abs($0) <= 1 })
        // As recorded, a chunk is 16 neighbouring values of the sine: their sum a step to either side is in proportion to them.
        let isRecorded = stride(from: 0, to: actions.count, by: 16).map { first in
            (first + 1 ..< first + 15).allSatisfy { (index: Int) -> Bool in
                let expected: Float = 2 * cos(1) * actions[index]
                return abs(actions[index - 1] + actions[index + 1] - expected) < 1e-4
            }
        }
        #expect(isRecorded.allSatisfy { $0 } == (kind == .none))
    }

    @Test(
        "keeps a model's codebooks where number and size are the same, else initialises them on the new robot"
    )
    func start() throws {
        let first = try task([1])
        first.initializeCodebooks()
        let same = try task([1], from: first.model)
        #expect(same.hasCodebooks && same.startsFromModel)
        let other = try task([1], from: first.model) { $0.quantizer.codebookSize = 8 }
        #expect(!other.hasCodebooks && other.startsFromModel)
        func tensors(_ task: FASTerVQTask, _ part: String) -> [[Float]] {
            task.model.tensors.filter { $0.name.hasPrefix(part) }.map { $0.tensor.floats }
        }
        #expect(tensors(other, "autoencoder") == tensors(first, "autoencoder"))
        #expect(tensors(other, "quantizer").allSatisfy { $0.allSatisfy { $0 == 0 } })
        other.initializeCodebooks()
        #expect(tensors(other, "quantizer").allSatisfy { !$0.allSatisfy { $0 == 0 } })
    }
}
