import Backbones
import Foundation
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Early end of a grid of codes")
struct EarlyEndTests {
    private func network(blockSize: Int? = nil) -> FASTerVLANetwork {
        SmallNetwork.network(blockSize: blockSize) { $0.earlyEnd = EarlyEnd(tolerance: 0.05) }
    }

    @Test(
        "comes where the scores of the training-time forward put it, for every threshold and chunk of a batch"
    )
    func equalsTeacherForcing() throws {
        let network = network()
        let head = try #require(network.blockHead)
        try withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let whole = network.decoder(head, endThreshold: 1).decode(after: prefix) { $0.argmax(-1) }
            #expect(whole.chunkCodebooks == [3, 3, 3] && whole.blockTimes.count == 3)
            let forced = network.teacherForcedLogits(
                codes: whole.codes,
                head,
                prefix: prefix,
                training: false
            ).codebooks
            // By codebook, then by chunk.
            let probabilities = forced.map { EarlyEnd.logits($0).sigmoid().floats.map(Double.init) }
            let sorted = probabilities.flatMap(\.self).sorted()
            let thresholds = zip(sorted, sorted.dropFirst()).map { ($0 + $1) / 2 }
            var found: Set<[Int]> = []
            for threshold in [0] + thresholds {
                let expected = (0 ..< SmallNetwork.batch).map { row in
                    (probabilities.firstIndex { $0[row] > threshold } ?? 2) + 1
                }
                let part = network.decoder(head, endThreshold: threshold).decode(after: prefix) {
                    $0.argmax(-1)
                }
                let most = try #require(expected.max())
                #expect(part.chunkCodebooks == expected)
                #expect(part.codebooks == most && part.blockTimes.count == most)
                #expect(part.codes.integers == whole.codes.narrowed(1, from: 0, count: 5 * most).integers)
                found.insert(expected)
            }
            // The chunks do not all end alike.
            #expect(found.contains { Set($0).count > 1 })
        }
    }

    @Test("is learnt with the codes, ends chunks of a batch apart, and leaves whole grids as they are")
    func learnt() throws {
        Torch.seed(9)
        let network = network()
        let head = try #require(network.blockHead)
        let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 15])
        let targets = SmallNetwork.targets(codes, requiredCodebooks: [1, 3, 2])
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        let input = SmallNetwork.input
        for _ in 0 ..< 120 {
            network.loss(input, targets: targets).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            func decoding(_ decoder: BlockDecoder, _ prefix: Prefix, before time: Duration? = nil)
                -> BlockDecoding
            {
                var latencies = LatencyEstimate()
                for _ in 0 ..< 31 { latencies.add(block: .seconds(60)) }
                return decoder.decode(
                    after: prefix,
                    before: time.map { ContinuousClock.now + $0 },
                    latencies: &latencies
                )
            }
            let found = decoding(network.decoder(head), prefix)
            #expect(found.chunkCodebooks == [1, 3, 2])
            #expect(found.codes.integers == codes.integers)
            #expect(network.decoder(head, endThreshold: 1).codes(after: prefix).integers == codes.integers)
            #expect(decoding(network.decoder(head, codebooks: 2), prefix).chunkCodebooks == [1, 2, 2])
            #expect(
                decoding(network.decoder(head), prefix, before: .seconds(1)).chunkCodebooks == [1, 1, 1]
            )
            // Alone, a chunk ends with its own last block, whoever computes it.
            let alone = network.backbone.prefix(of: SmallNetwork.alone)
            for backend in [InferenceBackend(network), InferenceBackend(fastestFor: network)] {
                let one = decoding(BlockDecoder(head, backend, sampling: .greedy), alone)
                #expect(one.chunkCodebooks == [1] && one.blockTimes.count == 1)
                #expect(one.codes.integers == Array(codes.integers.prefix(5)))
            }
            // Smaller blocks decode whole grids.
            let tokenWise = decoding(network.decoder(head, blockSize: 1), prefix)
            #expect(tokenWise.chunkCodebooks == [3, 3, 3])
        }
    }

    @Test("gives every parameter a gradient")
    func gradients() throws {
        let network = network()
        let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 15])
        let output = try #require(network.backbone as? CompactBackbone).output(for: SmallNetwork.input)
        let targets = SmallNetwork.targets(codes, requiredCodebooks: [3, 3, 3])
        let loss = network.loss(after: output.prefix, targets: targets).total
        (loss + (try #require(output.objectPoses)).values.sum()).backward()
        for parameter in network.parameters { #expect(parameter.tensor.gradient != nil, "\(parameter.name)") }
    }
}
