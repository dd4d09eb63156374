import ActionTokenizers
import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

/// A network of a few thousand weights, and a batch for it: a fixture.
enum SmallNetwork {
    static let codebookSize = 16
    static let batch = 3

    /// Codebooks and latent positions; blocks of 7 and 8 codes end inside, at the end of, and beyond a codebook of these.
    struct Grid: Sendable, CustomTestStringConvertible {
        var codebooks = 3
        var latentPositions = 5

        var count: Int { codebooks * latentPositions }
        var testDescription: String { "\(codebooks) x \(latentPositions)" }
    }

    static func network(
        blockSize: Int?,
        grid: Grid = Grid(),
        hasExpert: Bool = true,
        change: (inout BlockHead.Configuration) -> Void = { _ in }
    ) -> FASTerVLANetwork {
        Torch.seed(11)
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 3),
                .init(height: 32, width: 64, pixelsPerToken: 32),
            ],
            stateDimension: 3
        )
        configuration.width = 32
        configuration.layerCount = 3
        configuration.objectPoseDimension = 2
        configuration.supportsDecoding = !hasExpert
        var head = BlockHead.Configuration(
            schedule: BlockSchedule(
                codebookCount: grid.codebooks,
                latentPositionCount: grid.latentPositions,
                blockSize: blockSize
            ),
            codebookSize: codebookSize,
            dimension: 2
        )
        change(&head)
        return FASTerVLANetwork(
            backbone: CompactBackbone(configuration, device: .cpu),
            expert: hasExpert ? .init() : nil,
            head: .blocks(head),
            device: .cpu
        )
    }

    /// Codewords of three coordinates for the codes of a grid.
    static func codewords(of grid: Grid) -> Codewords {
        let count = grid.count * codebookSize * 3
        return Codewords(
            codebookCount: grid.codebooks,
            latentPositionCount: grid.latentPositions,
            codebookSize: codebookSize,
            width: 3,
            values: (0 ..< count).map { Float($0 * $0 % 97) / 97 - 0.5 }
        )
    }

    /// Codes as targets; the actions matter only for a committed prefix.
    static func targets(_ codes: Tensor, requiredCodebooks: [Int]? = nil) -> ActionTargets {
        ActionTargets(
            actions: .randn([batch, 6, 2]),
            isValid: .ones([batch, 6], dtype: .bool),
            codes: codes,
            requiredCodebooks: requiredCodebooks.map { Tensor($0) }
        )
    }

    static var input: PrefixInput {
        Torch.seed(12)
        var text = Tensor.randint(1 ..< 257, [batch, 12]).values(as: Int.self)
        for index in 5 ..< 12 { text[index] = 0 }
        return PrefixInput(
            images: [
                Tensor.randint(0 ..< 256, [batch, 32, 32, 3]).to(.uint8),
                Tensor.randint(0 ..< 256, [batch, 32, 64, 3]).to(.uint8),
            ],
            tokens: Tensor(text, shape: [batch, 12]),
            state: Tensor.randint(0 ..< 256, [batch, 3])
        )
    }

    /// The first of the batch, as one robot sends it: without padding.
    static var alone: PrefixInput {
        let whole = input
        return PrefixInput(
            images: whole.images.map { $0.narrowed(0, from: 0, count: 1) },
            tokens: whole.tokens.narrowed(0, from: 0, count: 1).narrowed(1, from: 0, count: 5),
            state: whole.state?.narrowed(0, from: 0, count: 1)
        )
    }

    /// Logits of all codes under teacher forcing, `[B, N, codebookSize]`.
    static func forcedLogits(
        _ network: FASTerVLANetwork,
        _ codes: Tensor,
        _ head: BlockHead,
        _ prefix: Prefix,
        _ conditioning: BlockConditioning = BlockConditioning()
    ) -> Tensor {
        let parts = network.teacherForcedLogits(
            codes: codes,
            head,
            prefix: prefix,
            conditioning: conditioning,
            training: false
        ).codebooks
        return Tensor.concatenated(parts, axis: 1).narrowed(2, from: 0, count: codebookSize)
    }

    /// The weights of `network` by their names.
    static func weights(_ network: FASTerVLANetwork) -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
    }
}

extension FASTerVLANetwork {
    /// A decoder on the network's own modules.
    func decoder(
        _ head: BlockHead,
        blockSize: Int? = nil,
        codebooks: Int? = nil,
        maskPredictBlocks: Int = 0,
        endThreshold: Double = EarlyEnd.threshold,
        sampling: Sampling = .greedy,
        codewords: Codewords? = nil
    ) -> BlockDecoder {
        BlockDecoder(
            head,
            InferenceBackend(self),
            blockSize: blockSize,
            codebooks: codebooks,
            maskPredictBlocks: maskPredictBlocks,
            endThreshold: endThreshold,
            sampling: sampling,
            codewords: codewords
        )
    }
}

extension BlockDecoder {
    /// All codes after `prefix`, chosen by `choose`.
    func decode(after prefix: Prefix, choose: @escaping (Tensor) -> Tensor) -> BlockDecoding {
        var latencies = LatencyEstimate()
        return decode(after: prefix, latencies: &latencies, choose: choose)
    }
}
