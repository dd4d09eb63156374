import FASTerVQ
import Foundation
import Quantizers
import RobotTypes
import Support
import Testing
import Torch

@testable import Training

@Suite("FASTerVQ in training")
struct FASTerVQTraineeTests {
    /// Robots of 1, 2, 3 columns, that weigh as much as `weights` say.
    private func trainee(
        _ weights: [Double],
        robotsPerStep: Int = 4,
        initialChunks: Int = 64
    ) throws -> FASTerVQTrainee {
        var recipe = TokenizerRecipe()
        (recipe.batchSize, recipe.robotsPerStep, recipe.initialChunks) = (16, robotsPerStep, initialChunks)
        recipe.autoencoder.width = 32
        recipe.quantizer.codebookSize = 16
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
        let training = TokenizerTraining(recipe: recipe, sources: sources, seed: 5, device: .cpu)
        return try FASTerVQTrainee(training, from: nil)
    }

    /// Chunks of each robot in one batch, by its columns.
    private func shares(_ trainee: FASTerVQTrainee, _ step: UInt64 = 0) -> [Int: Int] {
        var draw = SeededRandom(seed: 3, step)
        let batch = trainee.batch(&draw)
        return Dictionary(uniqueKeysWithValues: batch.map { ($0.actions.size(2), $0.actions.size(0)) })
    }

    @Test("shares a batch out by weight where every robot is in it, at least a chunk each")
    func weights() throws {
        #expect(try shares(trainee([3, 1])) == [1: 12, 2: 4])
        #expect(try shares(trainee([1000, 1])) == [1: 15, 2: 1])
    }

    @Test("shares a batch out evenly where robots weigh the same", arguments: [1, 0.1, 3])
    func evenly(weight: Double) throws {
        #expect(try shares(trainee([weight, weight])) == [1: 8, 2: 8])
        #expect(try shares(trainee([weight, weight, weight])) == [1: 5, 2: 5, 3: 5])
    }

    @Test("draws a robot as often as it weighs where not all are in a batch")
    func draws() throws {
        let trainee = try trainee([3, 1], robotsPerStep: 1)
        let drawn = (0 ..< 200).map { shares(trainee, $0) }
        #expect(drawn.allSatisfy { $0 == [1: 16] || $0 == [2: 16] })
        let first = Double(drawn.filter { $0 == [1: 16] }.count) / 200
        #expect(abs(first - 0.75) < 0.12)
    }

    @Test("refuses to begin codebooks with no chunk of a robot")
    func initialChunks() throws {
        let error = #expect(throws: RecipeError.self) { try trainee([1, 1, 1], initialChunks: 2) }
        #expect(
            error?.reason
                == "'initialChunks' should be at least 3, one for every dataset and length of chunks, found 2"
        )
        try trainee([1, 1, 1], initialChunks: 3).initializeCodebooks()
    }
}
