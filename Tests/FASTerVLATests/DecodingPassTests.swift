import Backbones
import Testing
import Torch

@testable import FASTerVLA

@Suite("A prefix with what is decoded on top of it")
struct DecodingPassTests {
    private let tests = BlockDecoderTests()

    @Test(
        "pending steps give one robot without libtorch what they give with it to 1e-4, block after block",
        arguments: [1, 4]
    )
    func pending(steps: Int) throws {
        let network = BlockDecoderTests.network(blockSize: nil) { $0.pendingSteps = 4 }
        let head = try #require(network.codeHead)
        let packed = try #require(network.expert.flatMap(PackedExpert.init))
        withoutGradients {
            let prefix = network.backbone.prefix(of: tests.alone)
            let pending = head.inputs(pending: .randn([1, steps, 2]))
            let schedule = head.configuration.schedule
            var quick = DecodingPass(prefix, pending: pending, schedule, head.configuration)
            var plain = DecodingPass(prefix, pending: pending, schedule, head.configuration)
            for block in schedule.blocks {
                let inputs = Tensor.randn([1, block.count, 128])
                let expected = plain.features(inputs, of: block, network, nil)
                // The second time as a second look does: steps are given once.
                for isAgain in [false, true] {
                    if isAgain { quick.forget(block.count) }
                    let found = quick.features(inputs, of: block, network, packed)
                    #expect(found.shape == expected.shape)
                    #expect((found - expected).abs().max().item < 1e-4)
                }
            }
        }
    }
}
