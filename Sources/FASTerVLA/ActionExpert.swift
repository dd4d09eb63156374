internal import Backbones
public import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots of this forward      S  prefix tokens      A  heads      E  width of a head

/// The part of the policy that predicts action codes: a transformer as deep as the backbone but narrower, whose
/// queries attend, layer by layer, to the backbone's keys and values and to its own (paper, FASTerVLA 3).
public struct ActionExpert: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels.
        public var width = 128

        /// The defaults.
        public init() {}
    }

    /// One vector a codebook entry, all codebooks in one table: `[codebookCount · K, width]`.
    private let codes: Embedding
    /// `<BoBlk>`, `[1, width]`.
    private let beginOfBlock: Embedding
    private let places: Embedding
    private let codebooks: Embedding
    private let layers: [ActionExpertLayer]
    private let norm: LayerNorm
    /// Answers of each codebook: `[width]` to `[K + 1]`; the last answer is `<EoBlk>`.
    private let heads: [Linear]
    private let rotary: RotaryPositions
    /// Entries of a codebook.
    public let codebookSize: Int

    /// Creates an expert for a backbone of the given shape.
    init(
        _ configuration: Configuration,
        schedule: BlockSchedule,
        codebookSize: Int,
        backbone: any Backbone,
        device: Device
    ) {
        let width = configuration.width
        self.codebookSize = codebookSize
        codes = Embedding(
            schedule.codebookCount * codebookSize,
            width,
            standardDeviation: 0.5,
            device: device
        )
        beginOfBlock = Embedding(1, width, standardDeviation: 0.5, device: device)
        places = Embedding(schedule.placeCount, width, standardDeviation: 0.5, device: device)
        codebooks = Embedding(schedule.codebookCount + 1, width, standardDeviation: 0.5, device: device)
        layers = (0 ..< backbone.layerCount).map { _ in
            ActionExpertLayer(width: width, backbone: backbone, device: device)
        }
        norm = LayerNorm(width, device: device)
        heads = (0 ..< schedule.codebookCount).map { _ in
            Linear(width, codebookSize + 1, gain: 0.1, device: device)
        }
        rotary = RotaryPositions(width: backbone.headWidth)
    }

    /// What the slots `range` are fed.
    ///
    /// - Parameters:
    ///   - previous: The codes fed to those slots, int64 `[B, L]`, each of the slot `blockSize` before; the
    ///     values for slots of block 1 do not matter.
    ///   - range: Slots of this forward.
    ///   - schedule: How slots form blocks.
    /// - Returns: `[B, L, width]`.
    func inputs(_ previous: Tensor, slots range: Range<Int>, schedule: BlockSchedule) -> Tensor {
        let device = previous.device
        let size = schedule.blockSize
        let isFirst = range.map { $0 < size }
        let offsets = range.map { $0 < size ? 0 : schedule.codebook(ofSlot: $0 - size) * codebookSize }
        let slotPlaces = Tensor(range.map { schedule.place(ofSlot: $0) }, device: device)
        let slotCodebooks = Tensor(
            range.map { $0 < schedule.tokenCount ? schedule.codebook(ofSlot: $0) : schedule.codebookCount },
            device: device
        )
        let about = places(slotPlaces) + codebooks(slotCodebooks)
        let begin = beginOfBlock.weight
        if isFirst.allSatisfy({ $0 }) {
            return (about + begin).unsqueezed(0).expanded([previous.size(0), -1, -1])
        }
        let fed = codes(previous + Tensor(offsets, device: device))
        guard isFirst.contains(true) else { return fed + about }
        let mask = Tensor(isFirst, shape: [1, isFirst.count, 1], device: device)
        return begin.selected(where: mask, otherwise: fed) + about
    }

    /// One forward of some slots.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, float `[B or 1, L]`.
    ///   - prefix: The backbone's keys and values.
    ///   - cache: Keys and values of earlier slots, layer by layer; the new ones are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    /// - Returns: Normalized features, `[B, L, width]`.
    func features(
        _ inputs: Tensor,
        positions: Tensor,
        prefix: Prefix,
        cache: inout KeyValueCache,
        mask: Tensor?
    ) -> Tensor {
        let angles = rotary.angles(for: positions)
        var x = inputs
        for (index, layer) in layers.enumerated() {
            x = layer(x, angles: angles, layer: index, cache: &cache, mask: mask)
        }
        return norm(x)
    }

    /// Scores of the answers of `codebook`: `[..., width]` to `[..., K + 1]`.
    func logits(_ features: Tensor, codebook: Int) -> Tensor { heads[codebook](features) }
}

/// Keys and values that queries of later slots attend to: first the prefix, then earlier slots.
struct KeyValueCache {
    private(set) var keys: [Tensor]
    private(set) var values: [Tensor]

    /// Starts with the backbone's keys and values.
    init(_ prefix: Prefix) {
        keys = prefix.keys
        values = prefix.values
    }

    /// Adds the keys and values of new slots to a layer and returns all of the layer's.
    mutating func append(key: Tensor, value: Tensor, layer: Int) -> (key: Tensor, value: Tensor) {
        keys[layer] = .concatenated([keys[layer], key], axis: 2)
        values[layer] = .concatenated([values[layer], value], axis: 2)
        return (keys[layer], values[layer])
    }
}

/// One block of the expert.
struct ActionExpertLayer: Module {
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let feedForwardNorm: LayerNorm
    private let feedForward: FeedForward

    init(width: Int, backbone: any Backbone, device: Device) {
        let gain = 1 / Double(2 * backbone.layerCount).squareRoot()
        attentionNorm = LayerNorm(width, device: device)
        attention = SelfAttention(
            width,
            headCount: backbone.headCount,
            headWidth: backbone.headWidth,
            rotary: true,
            gain: gain,
            device: device
        )
        feedForwardNorm = LayerNorm(width, device: device)
        feedForward = FeedForward(width, hidden: 4 * width, gain: gain, device: device)
    }

    func callAsFunction(
        _ x: Tensor,
        angles: (cosine: Tensor, sine: Tensor),
        layer: Int,
        cache: inout KeyValueCache,
        mask: Tensor?
    ) -> Tensor {
        let heads = attention.heads(attentionNorm(x), angles: angles)
        let (key, value) = cache.append(key: heads.key, value: heads.value, layer: layer)
        let y = x + attention.joined(heads.query.attention(key: key, value: value, mask: mask))
        return y + feedForward(feedForwardNorm(y))
    }
}
