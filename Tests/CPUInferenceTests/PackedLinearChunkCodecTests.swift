import ActionTokenizers
import RobotTypes
import Testing
import Torch

@testable import CPUInference
@testable import FASTerVQ

@Suite("The linear encoder's chunks on CPU kernels")
struct PackedLinearChunkCodecTests {
    private static let horizon = 8
    private static let dimension = 5

    /// Sizes of a model.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var components = [6, 3, 11]
        var codebooks = 3
        var entries = 60

        var testDescription: String { "\(components) components, \(codebooks) x \(entries) entries" }

        func model() -> LinearFASTerVQ {
            LinearFASTerVQ(
                mean: .randn([horizon * dimension]),
                positions: components.map { count in
                    LinearFASTerVQ.LatentPosition(
                        components: .randn([count, horizon * dimension]) * 0.2,
                        entries: .randn([codebooks, entries, count])
                    )
                },
                partition: .components,
                codebookCount: codebooks,
                codebookSize: entries
            )
        }
    }

    private static func tokenizer(
        _ model: LinearFASTerVQ,
        _ codec: (any LinearChunkCodec.Type)?
    ) -> LinearFASTerVQTokenizer {
        let ones = [Float](repeating: 1, count: dimension)
        let statistics = FeatureStatistics(
            mean: ones,
            std: ones,
            q01: ones.map { -$0 },
            q99: ones,
            min: ones.map { -$0 },
            max: ones
        )
        return LinearFASTerVQTokenizer(
            model,
            horizon: horizon,
            normalization: Normalization(method: .quantiles, statistics: statistics),
            device: .cpu,
            codec: codec
        )
    }

    /// Codes by a beam search in double precision, and how much nearer a prefix that was kept was than one that was not.
    private func codes(for vector: [Double], _ codebooks: [[[Double]]]) -> (codes: [Int], margin: Double) {
        var (beam, margin) = ([(codes: [Int](), residual: vector)], Double.infinity)
        for (index, entries) in codebooks.enumerated() {
            let next = beam.flatMap { prefix in
                entries.enumerated().map { code, entry in
                    let residual = zip(prefix.residual, entry).map { $0 - $1 }
                    return (
                        distance: residual.reduce(0) { $0 + $1 * $1 }, codes: prefix.codes + [code],
                        residual: residual
                    )
                }
            }.sorted { $0.distance < $1.distance }
            let kept = index == codebooks.count - 1 ? 1 : LinearFASTerVQ.beamWidth
            if next.count > kept { margin = min(margin, next[kept].distance - next[kept - 1].distance) }
            beam = next.prefix(kept).map { ($0.codes, $0.residual) }
        }
        return (beam[0].codes, margin)
    }

    @Test(
        "have the codes that libtorch gives them, and those of the definition, but where two are equally near",
        arguments: [
            Sizes(), Sizes(components: [4], codebooks: 1, entries: 16), Sizes(codebooks: 2, entries: 2),
            Sizes(components: [40, 2], codebooks: 4, entries: 33),
        ]
    )
    func sameCodes(sizes: Sizes) throws {
        Torch.seed(7)
        let (model, count) = (sizes.model(), 60)
        let (plain, packed) = (Self.tokenizer(model, nil), Self.tokenizer(model, PackedLinearChunkCodec.self))
        let values = Tensor.randn([count, Self.horizon, Self.dimension]) * 2
        let chunks = ActionChunks(
            count: count,
            horizon: Self.horizon,
            dimension: Self.dimension,
            values: values.floats
        )
        let (expected, found) = (try plain.tokens(for: chunks), try packed.tokens(for: chunks))
        #expect(try packed.tokens(for: chunks[11 ..< 12]) == [found[11]])
        var ties = 0
        for (index, position) in model.positions.enumerated() {
            let latents = (values.reshaped(count, -1) - model.mean)
                .matmul(position.components.transposed(0, 1))
            let codebooks = (0 ..< sizes.codebooks).map { rows(position.entries.select(0, $0)) }
            for (chunk, latent) in rows(latents).enumerated() {
                let reference = codes(for: latent, codebooks)
                guard reference.margin > 1e-5 else {
                    ties += 1
                    continue
                }
                let indices = (0 ..< sizes.codebooks).map { $0 * model.latentPositionCount + index }
                #expect(indices.map { found[chunk][$0] } == reference.codes)
                #expect(indices.map { expected[chunk][$0] } == reference.codes)
            }
        }
        #expect(ties < count * sizes.components.count / 20)
    }

    private func rows(_ matrix: Tensor) -> [[Double]] {
        (0 ..< matrix.size(0)).map { matrix.select(0, $0).floats.map(Double.init) }
    }

    @Test(
        "decode to libtorch's actions, from any number of codebooks, also where a position has no component",
        arguments: [Sizes(), Sizes(components: [0, 5]), Sizes(components: [0], codebooks: 2)]
    )
    func sameActions(sizes: Sizes) throws {
        Torch.seed(8)
        let model = sizes.model()
        let (plain, packed) = (Self.tokenizer(model, nil), Self.tokenizer(model, PackedLinearChunkCodec.self))
        let chunks = ActionChunks(
            count: 20,
            horizon: Self.horizon,
            dimension: Self.dimension,
            values: Tensor.randn([20, Self.horizon, Self.dimension]).floats
        )
        let tokens = try packed.tokens(for: chunks)
        for codebooks in packed.decodableCodebooks {
            let first = tokens.map { Array($0.prefix(codebooks * model.latentPositionCount)) }
            let expected = try plain.unclippedChunks(for: first).values
            let found = try packed.unclippedChunks(for: first).values
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            // A beam search of fewer codebooks may find other codes for them.
            let coarse = packed.keeping(codebooks: codebooks)
            let own = try coarse.tokens(for: chunks)
            #expect(own.allSatisfy { $0.count == codebooks * model.latentPositionCount })
            #expect(try coarse.chunks(for: own) == packed.chunks(for: own))
        }
    }
}
