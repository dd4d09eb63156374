import ActionTokenizers
import CPUInference
import FASTerVQ
import RobotTypes
import Testing
import Torch
import VectorQuantization

@Suite("FASTerVQ's chunks on CPU kernels")
struct PackedChunkCodecTests {
    /// A tokenizer of a robot and its model's form.
    struct Variant: Sendable, CustomTestStringConvertible {
        var groups = "position=0:3,rotation=3:6,gripper=6"
        var isPapers = false
        var horizon = 20

        var testDescription: String { "\(groups), \(horizon) steps\(isPapers ? ", as in the paper" : "")" }

        /// The same tokenizer on libtorch and on CPU kernels.
        func tokenizers() throws -> (plain: FASTerVQTokenizer, packed: FASTerVQTokenizer) {
            Torch.seed(6)
            let space = try ActionSpace(parsing: groups)
            let shapes = PatchShape.fitting(space, horizon: 20, bypassingGrippers: !isPapers)
            var configuration = FASTerVQConfiguration(patches: shapes)
            configuration.quantizer.codebookSize = 32
            configuration.autoencoder.width = 32
            if isPapers {
                configuration.autoencoder.linearSkip = false
                (configuration.quantizer.codebookCount, configuration.actionSpaceQuantizer.codebookCount) = (
                    3, 0
                )
            }
            let model = FASTerVQModel(configuration, device: .cpu)
            let columns = [Float](repeating: 1, count: space.dimension)
            let statistics = FeatureStatistics(
                mean: columns,
                std: columns,
                q01: columns.map { -$0 },
                q99: columns,
                min: columns.map { -1.5 * $0 },
                max: columns.map { 2 * $0 }
            )
            let normalization = Normalization(method: .quantiles, statistics: statistics)
            let batch = ActionBatch(
                embodiment: Embodiment(
                    patchifier: try model.makePatchifier(space, horizon: horizon),
                    normalization: normalization,
                    device: .cpu
                ),
                actions: .randn([64, horizon, space.dimension]),
                stepMask: .ones([64, horizon])
            )
            model.initializeCodebooks(from: [batch])
            model.fitActionSpaceStages(to: [batch])
            func tokenizer(_ codec: (any ChunkCodec.Type)?) throws -> FASTerVQTokenizer {
                try FASTerVQTokenizer(
                    model,
                    actionSpace: space,
                    horizon: horizon,
                    normalization: normalization,
                    codec: codec
                )
            }
            return (try tokenizer(nil), try tokenizer(PackedChunkCodec.self))
        }
    }

    @Test(
        "have the codes that libtorch gives them, and the actions to 1e-5, from any number of codebooks",
        arguments: [
            Variant(), Variant(groups: "left_joints=0:5,right_joints=5:7"), Variant(isPapers: true),
            Variant(horizon: 18),
        ]
    )
    func sameAsLibtorch(variant: Variant) throws {
        let (plain, packed) = try variant.tokenizers()
        Torch.seed(9)
        let chunks = ActionChunks(
            count: 30,
            horizon: variant.horizon,
            dimension: 7,
            values: Tensor.randn([30, variant.horizon, 7]).floats,
            validSteps: (0 ..< 30).map { variant.horizon - $0 % 7 }
        )
        let codes = try plain.tokens(for: chunks)
        for chunk in 0 ..< 30 {
            #expect(try packed.tokens(for: chunks[chunk ..< chunk + 1]) == [codes[chunk]])
            for codebooks in 1 ... 3 {
                let first = [Array(codes[chunk].prefix(codebooks * plain.latentPositionCount))]
                let expected = try plain.chunks(for: first).values
                let found = try packed.chunks(for: first).values
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
        // So many at once that threads share them.
        #expect(try packed.tokens(for: chunks) == codes)
        let (expected, found) = (try plain.chunks(for: codes).values, try packed.chunks(for: codes).values)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 } && found.count == expected.count)
        let coarse = packed.keeping(codebooks: 2)
        #expect(
            try coarse.tokens(for: chunks[0 ..< 1])
                == plain.keeping(codebooks: 2).tokens(for: chunks[0 ..< 1])
        )
    }
}
