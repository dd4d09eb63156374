internal import Backbones
internal import FASTerVLA
internal import NN
internal import Torch

/// Errors of what policies add to a backbone, each beside another way to compute the same, on one of the peer's prompts.
struct PolicyErrors {
    /// Slots of a block, and number of blocks, of the expert's suffix.
    private static let (blockSize, blockCount) = (4, 3)

    /// Column of weights of 8 bits: an error of rounding, which has no tolerance.
    static let rounded = "int8"

    private static let learningRate = 1e-3

    private let folder: PretrainedFolder
    private let input: PrefixInput

    /// Compares with prompts without padding.
    init(_ folder: PretrainedFolder, _ input: PrefixInput) { (self.folder, self.input) = (folder, input) }

    /// Errors by column: `expert`, `LoRA`, `int8`.
    func errors(of backbone: any PretrainedBackbone) throws -> [String: Double] {
        Torch.seed(3)
        return try [
            "expert": withoutGradients { expert(on: backbone) }, "LoRA": adapterStep(),
            Self.rounded: withoutGradients { try int8(beside: backbone) },
        ]
    }

    /// Features of an expert that decodes block by block through its cache, beside those of one forward, as in a training.
    private func expert(on backbone: any PretrainedBackbone) -> Double {
        let expert = ActionExpert.Configuration()
        let network = FASTerVLANetwork(
            backbone: backbone,
            expert: expert,
            head: .regression(RegressionHead.Configuration(horizon: 1, dimension: 1)),
            device: .cpu
        )
        let prefix = backbone.prefix(of: input)
        let (size, count) = (Self.blockSize, Self.blockSize * Self.blockCount)
        let inputs = Tensor.randn([prefix.batch, count, expert.width])
        let positions = prefix.nextPosition.unsqueezed(1) + Tensor.arange(0 ..< count).unsqueezed(0)
        let earlier = prefix.keys[0].size(2)

        // A slot attends to the prefix, to its own block and to those before.
        let block = Tensor.arange(0 ..< count).quotientAndRemainder(dividingBy: size).quotient
        let isVisible = block.unsqueezed(1).greaterOrEqual(block.unsqueezed(0))
        let mask = Tensor.concatenated([.ones([count, earlier], dtype: .bool), isVisible], axis: 1)
        var cache = KeyValueCache(prefix)
        let whole = network.suffixDecoder.decode(
            inputs,
            positions: positions,
            cache: &cache,
            mask: mask.reshaped(1, 1, count, earlier + count)
        )

        var room = KeyValueCache(prefix, roomFor: count)
        let blocks = (0 ..< Self.blockCount).map { index in
            network.suffixDecoder.decode(
                inputs.narrowed(1, from: index * size, count: size),
                positions: positions.narrowed(1, from: index * size, count: size),
                cache: &room,
                mask: nil
            )
        }
        return relativeError(.concatenated(blocks, axis: 1), whole)
    }

    /// Scores after a step of gradient descent on low-rank adapters, beside those of the weights with the adapters merged; infinite
    /// if the step does not lower the loss.
    private func adapterStep() throws -> Double {
        let network = try PretrainedModel(folder)
            .makeNetwork(dtype: .float32, adapter: LowRankAdapter.Configuration(), device: .cpu)
        try network.load(folder)
        network.freezeAllButAdapters()
        let before = scores(of: network).squared().mean()
        before.backward()
        withoutGradients {
            for adapter in network.parameters {
                guard let gradient = adapter.tensor.gradient else { continue }
                let step = gradient * (Self.learningRate / (gradient.squared().mean().sqrt().item + 1e-12))
                adapter.tensor.copyInPlace(adapter.tensor - step)
            }
        }
        return withoutGradients {
            let adapted = scores(of: network)
            network.mergeAdapters()
            let isLower = adapted.squared().mean().item < before.item
            return isLower ? relativeError(scores(of: network), adapted) : .infinity
        }
    }

    /// Scores of a network with weights of 8 bits.
    private func int8(beside backbone: any PretrainedBackbone) throws -> Double {
        let network = try withQuantizedWeights(.int8) {
            try PretrainedModel(folder).makeNetwork(dtype: .float32, device: .cpu)
        }
        let weights = Dictionary(uniqueKeysWithValues: backbone.tensors.map { ($0.name, $0.tensor) })
        let targets = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
        for named in network.tensors {
            guard let weight = weights[named.name] else { continue }
            let layer = named.name.split(separator: ".").dropLast().joined(separator: ".")
            if let scales = targets[layer + ".weightScale"], !named.tensor.dtype.isFloatingPoint {
                let quantized = QuantizedWeight(quantizing: weight, as: .int8)
                named.tensor.copyInPlace(quantized.wholes)
                scales.copyInPlace(quantized.scales)
            } else {
                named.tensor.copyInPlace(weight)
            }
        }
        return relativeError(scores(of: network), scores(of: backbone))
    }

    /// Scores of the vocabulary at every token, `[B, L, vocabulary]`.
    private func scores(of network: any PretrainedBackbone) -> Tensor {
        var logits: Tensor?
        network.trace(input) { if $0 == "logits" { logits = $1 } }
        guard let logits else { preconditionFailure("a forward without logits") }
        return logits
    }
}
