import Backbones
import Foundation
import GoldenTensors
import NN
import Testing
import Torch

@testable import FASTerVLA

/// Golden/make_loss_golden.py says how the numbers came about.
@Suite("The policy's network, against PyTorch")
struct LossGoldenTests {
    private let golden: GoldenTensors

    init() throws { golden = try GoldenTensors("loss", in: .module) }

    /// The golden's network, with its weights, in blocks of `blockSize` codes.
    private func network(_ blockSize: Int, earlyEnd: EarlyEnd? = nil) throws -> FASTerVLANetwork {
        var backbone = CompactBackbone.Configuration(
            cameras: [
                .init(height: 16, width: 8, pixelsPerToken: 8),
                .init(height: 16, width: 32, pixelsPerToken: 16, keypoints: 2),
            ],
            stateDimension: 2
        )
        (backbone.stateBins, backbone.longestInstruction) = (6, 8)
        (backbone.width, backbone.layerCount, backbone.headCount) = (16, 2, 2)
        var expert = ActionExpert.Configuration()
        expert.width = 12
        var gaps = PositionGaps()
        gaps.deviation = 0
        var head = BlockHead.Configuration(
            schedule: BlockSchedule(codebookCount: 2, latentPositionCount: 3, blockSize: blockSize),
            codebookSize: 6,
            dimension: 1
        )
        (head.positionGaps, head.earlyEnd) = (gaps, earlyEnd)
        let network = FASTerVLANetwork(
            backbone: CompactBackbone(backbone, device: .cpu),
            expert: expert,
            head: .blocks(head),
            device: .cpu
        )
        try golden.fill(network.parameters, from: "parameters.")
        return network
    }

    private func targets() throws -> ActionTargets {
        ActionTargets(
            actions: .zeros([3, 1, 1]),
            isValid: .ones([3, 1], dtype: .bool),
            codes: try golden.tensor("codes"),
            requiredCodebooks: try golden.tensor("required")
        )
    }

    private func input() throws -> PrefixInput {
        PrefixInput(
            images: [try golden.tensor("images.0"), try golden.tensor("images.1")],
            tokens: try golden.tensor("text"),
            state: try golden.tensor("state")
        )
    }

    @Test(
        "gives the same scores to 1e-5: a codebook a forward, blocks that do not divide evenly, token by token",
        arguments: [3, 4, 1]
    )
    func scores(blockSize: Int) throws {
        let network = try network(blockSize)
        let codes = try golden.tensor("codes")
        let (logits, closing) = network.teacherForcedLogits(
            codes: codes.maximum(codes.zerosLike()),
            try #require(network.blockHead),
            prefix: network.backbone.prefix(of: try input()),
            training: false
        )
        #expect(logits.count == 2)
        let found =
            logits.enumerated().map { NamedTensor(name: "logits.\($0)", tensor: $1) }
            + [NamedTensor(name: "closing", tensor: closing)]
        #expect(try golden.differences(of: found, to: "\(blockSize).") == [])
    }

    @Test("gives the same loss and the same gradient of every parameter to 1e-5", arguments: [3, 4])
    func gradients(blockSize: Int) throws {
        let network = try network(blockSize)
        var settings = LossSettings()
        settings.labelSmoothing = 0.1
        let loss = network.loss(try input(), targets: try targets(), settings: settings)
        loss.total.backward()
        let found = [
            NamedTensor(name: "total", tensor: loss.total),
            NamedTensor(name: "codebooks", tensor: .stacked(loss.codebooks)),
            NamedTensor(name: "accuracies", tensor: .stacked(loss.accuracies)),
        ]
        #expect(try golden.differences(of: found, to: "\(blockSize).") == [])
        let prefix = "\(blockSize).gradients."
        #expect(try golden.differences(ofGradients: network.parameters, to: prefix) == [])
    }

    @Test("gives the same loss and gradients to 1e-5 where chunks end early")
    func earlyEnd() throws {
        let network = try network(3, earlyEnd: EarlyEnd(tolerance: 0.1))
        var settings = LossSettings()
        (settings.labelSmoothing, settings.earlyEndWeight) = (0.1, 0.5)
        let loss = network.loss(try input(), targets: try targets(), settings: settings)
        loss.total.backward()
        let found = [
            NamedTensor(name: "total", tensor: loss.total),
            NamedTensor(name: "codebooks", tensor: .stacked(loss.codebooks)),
            NamedTensor(name: "accuracies", tensor: .stacked(loss.accuracies)),
            NamedTensor(name: "end_accuracy", tensor: try #require(loss.endAccuracy)),
        ]
        #expect(try golden.differences(of: found, to: "early.") == [])
        #expect(try golden.differences(ofGradients: network.parameters, to: "early.gradients.") == [])
    }
}
