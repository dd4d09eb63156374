internal import Backbones
public import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots of this forward      S  prefix tokens      A  heads      E  width of a head

/// The part of the policy that moves the robot: a transformer as deep as the backbone but narrower, whose queries
/// attend, layer by layer, to the backbone's keys and values and to its own (paper, FASTerVLA 3).
///
/// What goes in and what comes out is the head's business.
public struct ActionExpert: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels.
        public var width = 128

        /// The defaults.
        public init() {}
    }

    private let layers: [ActionExpertLayer]
    private let norm: LayerNorm
    private let rotary: RotaryPositions

    /// Creates an expert for a backbone of the given shape.
    init(_ configuration: Configuration, backbone: any Backbone, device: Device) {
        layers = (0 ..< backbone.layerCount).map { _ in
            ActionExpertLayer(width: configuration.width, backbone: backbone, device: device)
        }
        norm = LayerNorm(configuration.width, device: device)
        rotary = RotaryPositions(width: backbone.headWidth)
    }

    /// What it is made of.
    var parts: (layers: [ActionExpertLayer], norm: LayerNorm, rotary: RotaryPositions) {
        (layers, norm, rotary)
    }

    /// One forward of some slots.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, float `[B or 1, L]`.
    ///   - cache: The prefix and earlier slots; keys and values of these slots are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    /// - Returns: Normalized features, `[B, L, width]`.
    func features(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?) -> Tensor {
        let angles = rotary.angles(for: positions)
        var x = inputs
        for (index, layer) in layers.enumerated() {
            x = layer(x, angles: angles, layer: index, cache: &cache, mask: mask)
        }
        return norm(x)
    }
}

/// One block of the expert.
struct ActionExpertLayer: Module {
    let attentionNorm: LayerNorm
    let attention: SelfAttention
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

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
