import Backbones
import NN
import Testing
import Torch

@testable import Training

@Suite("What a backbone learns to foresee")
struct ForesightTests {
    @Test("is where the robot is some steps later, or at the end of its episode")
    func rows() {
        #expect((10 ..< 30).foreseen(from: 12, after: [4, 8, 16]) == [16, 20, 28])
        #expect((10 ..< 30).foreseen(from: 27, after: [1, 2, 8]) == [28, 29, 29])
    }

    @Test("teaches the backbone, every part that sees")
    func learns() {
        Torch.seed(3)
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 16, width: 32, pixelsPerToken: 16, keypoints: 2)],
            stateDimension: 2
        )
        (configuration.width, configuration.layerCount) = (32, 2)
        let backbone = CompactBackbone(configuration, device: .cpu)
        let foresight = Foresight(states: 3, dimension: 2, backbone: backbone, device: .cpu)
        let input = PrefixInput(
            images: [Tensor.randint(0 ..< 256, [4, 16, 32, 3]).to(.uint8)],
            text: Tensor.randint(1 ..< 257, [4, 8]),
            state: Tensor.randint(0 ..< 256, [4, 2])
        )
        let states = Tensor.rand([4, 3, 2])
        let all = backbone.parameters + foresight.parameters
        let optimizer = AdamW(all, configuration: .init())
        var losses: [Double] = []
        for _ in 0 ..< 60 {
            let prefix = backbone.prefix(of: input)
            #expect(foresight(prefix).shape == [4, 3, 2])
            let loss = foresight.loss(of: states, after: prefix)
            loss.backward()
            losses.append(loss.item)
            optimizer.step(factor: 20)
            if losses.count < 60 { optimizer.forgetGradients() }
        }
        #expect(losses[59] < losses[0] / 2)
        for part in ["cameras.0.features", "cameras.0.merging", "cameras.0.keypoints", "state", "blocks.0"] {
            let gradients = backbone.parameters.filter { $0.name.hasPrefix(part) }.compactMap(
                \.tensor.gradient
            )
            #expect(gradients.contains { $0.abs().max().item > 0 }, "\(part)")
        }
    }
}
