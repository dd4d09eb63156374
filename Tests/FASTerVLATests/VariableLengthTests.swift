import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Sequences of variable length")
struct VariableLengthTests {
    @Test("that end apart in a batch are decoded as if alone")
    func ends() throws {
        Torch.seed(9)
        let network = SmallNetwork.network(blockSize: 1, grid: .init(codebooks: 1, latentPositions: 6)) {
            $0.isVariableLength = true
        }
        let head = try #require(network.blockHead)
        let end = SmallNetwork.codebookSize
        let wanted = [
            [3, 1, end, -100, -100, -100], [5, 2, 7, 4, end, -100], [1, end, -100, -100, -100, -100],
        ]
        let targets = SmallNetwork.targets(Tensor(wanted.flatMap { $0 }, shape: [3, 6]))
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
        let codes = withoutGradients {
            network.decoder(head).codes(after: network.backbone.prefix(of: input))
        }
        #expect(codes.size(1) == 5)
        let found = (0 ..< 3).map { codes.integers[$0 * 5 ..< $0 * 5 + 5].prefix { $0 < end } }
        #expect(found.map(Array.init) == [[3, 1], [5, 2, 7, 4], [1]])
    }
}
