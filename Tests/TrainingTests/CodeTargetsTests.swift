import ActionTokenizers
import FASTerVLA
import FASTerVQ
import RobotTypes
import Support
import Testing
import TokenizerRegistry
import Torch

@testable import Training

@Suite("Codes to predict", .serialized)
struct CodeTargetsTests {
    /// Chunks of two columns that stand still, move evenly or tremble, normalised; some reach behind the end of an episode.
    private static let chunks: ActionChunks = {
        var random = SeededRandom(seed: 5)
        func uniform() -> Float { Float.random(in: -1 ... 1, using: &random) }
        let values = (0 ..< 60).flatMap { chunk -> [Float] in
            let (start, slope) = (uniform(), uniform())
            return (0 ..< 8).flatMap { step in
                (0 ..< 2).map { column -> Float in
                    let time = Float(step) / 8
                    let noise = chunk % 3 == 2 ? uniform() : 0
                    return chunk % 3 == 0 ? start : (start + (slope - start) * time + noise) / 2
                }
            }
        }
        return ActionChunks(
            count: 60,
            horizon: 8,
            dimension: 2,
            values: values,
            validSteps: (0 ..< 60).map { $0 % 10 == 9 ? 3 : 8 }
        )
    }()

    private static func tokenizer(codebookSize: Int = 16) throws -> LinearFASTerVQTokenizer {
        var settings = LinearFASTerVQ.Fitting()
        (settings.codebookSize, settings.latentPositions) = (codebookSize, 2)
        let ones: [Float] = [1, 1]
        return try LinearFASTerVQTokenizer(
            fitting: chunks,
            of: ActionSpace(parsing: "position=0:2"),
            normalization: Normalization(
                method: .quantiles,
                statistics: FeatureStatistics(
                    mean: [0, 0],
                    std: ones,
                    q01: ones.map { -$0 },
                    q99: ones,
                    min: ones.map { -$0 },
                    max: ones
                )
            ),
            settings
        )
    }

    private static func head(_ earlyEnd: EarlyEnd?) -> ActionHead.Configuration {
        let schedule = BlockSchedule(codebookCount: 3, latentPositionCount: 2)
        var head = BlockHead.Configuration(schedule: schedule, codebookSize: 16, dimension: 2)
        head.earlyEnd = earlyEnd
        return .blocks(head)
    }

    @Test("come with the fewest codebooks that reconstruct a chunk's valid steps, and stay whole")
    func requiredCodebooks() throws {
        let (tokenizer, chunks) = (try Self.tokenizer(), Self.chunks)
        let whole = try #require(try CodeTargets(chunks, .codes(tokenizer), Self.head(nil)))
        #expect(whole.requiredCodebooks == nil)
        let tokens = try tokenizer.tokens(for: chunks)
        let tolerance = 0.1
        let early = try #require(
            try CodeTargets(chunks, .codes(tokenizer), Self.head(EarlyEnd(tolerance: tolerance)))
        )
        #expect(early.codes == whole.codes)
        let found = try #require(early.requiredCodebooks)
        #expect(Set(found) == [1, 2, 3])
        for (chunk, count) in found.enumerated() {
            func isEnough(_ codebooks: Int) throws -> Bool {
                let decoded = try tokenizer.chunks(for: [Array(tokens[chunk].prefix(2 * codebooks))]).values
                return (0 ..< 2 * chunks.validSteps[chunk]).allSatisfy {
                    Double(abs(decoded[$0] - chunks.values[16 * chunk + $0])) <= tolerance
                }
            }
            for fewer in 1 ..< count { #expect(try !isEnough(fewer), "chunk \(chunk)") }
            if count < 3 { #expect(try isEnough(count), "chunk \(chunk)") }
        }
    }

    @Test("have soft labels from 1024 entries of a codebook on, unless the recipe says one-hot")
    func softLabels() throws {
        func isSoft(_ codebookSize: Int, _ temperature: Double) throws -> Bool {
            var recipe = PolicyRecipe()
            recipe.softLabels = temperature
            let coding = ActionCoding.codes(try Self.tokenizer(codebookSize: codebookSize))
            return recipe.lossSettings(coding, device: .cpu).softLabels != nil
        }
        #expect(try isSoft(1024, 1) && !isSoft(16, 1) && !isSoft(1024, 0))
    }

    @Test("have no early end with a single codebook")
    func oneCodebook() throws {
        let tokenizer = try Self.tokenizer().keeping(codebooks: 1)
        let error = #expect(throws: ActionTokenizerError.self) {
            try EarlyEndedChunks(
                tokenizer.tokens(for: Self.chunks),
                of: Self.chunks,
                tokenizer,
                tolerance: 0.1
            )
        }
        #expect(error?.description.hasPrefix("'fastervq-linear' cannot end chunks early") == true)
    }
}
