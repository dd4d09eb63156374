public import NN
public import Torch

// Axes in this file
//   B  batch      L  tokens of this forward      S  earlier tokens

/// Decoder layers and the norm after them.
public struct DecoderStack: Module, SuffixDecoder {
    /// In the order of the forward, one a layer of the cache.
    public let layers: [TransformerLayer]

    /// After the last layer.
    public let norm: any Norm

    /// Rotary positions of every layer.
    public let rotary: RotaryPositions

    /// Stacks `layers`, with `norm` after them.
    public init(layers: [TransformerLayer], norm: any Norm, rotary: RotaryPositions) {
        (self.layers, self.norm, self.rotary) = (layers, norm, rotary)
    }

    /// Creates layers of the given architectures, and a norm of the first one's kind after them.
    public init(_ configurations: [TransformerLayer.Configuration], rotary: RotaryPositions, device: Device) {
        layers = configurations.map { TransformerLayer($0, layerCount: configurations.count, device: device) }
        norm = configurations[0].norm.makeNorm(configurations[0].width, device: device)
        self.rotary = rotary
    }

    /// The stack itself.
    public var stack: DecoderStack? { self }

    /// Features of suffix slots, normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        decode(inputs, positions: positions, cache: &cache, mask: mask) { _ in }
    }

    /// Features of slots, normalized `[B, L, width]`.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, `[B or 1, L]`, or `[sections, B, L]`.
    ///   - cache: Keys and values of earlier tokens; those of these slots are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + L]`; nil attends to all.
    ///   - near: Pairs that no sliding window separates, however far apart, bool, broadcasts to `[B, 1, L, S + L]`; nil for
    ///     none.
    ///   - observe: Called with every layer's input, `[B, L, width]`, and with the result.
    /// - Returns: `[B, L, width]`.
    public func decode(
        _ inputs: Tensor,
        positions: Tensor,
        cache: inout KeyValueCache,
        mask: Tensor?,
        near: Tensor? = nil,
        observe: (Tensor) -> Void
    ) -> Tensor {
        let angles = rotary.angles(for: positions)
        // Inputs of a head in single precision, for a published network in another.
        let dtype = layers[0].attention.output.dtype
        var x = dtype == .float32 ? inputs : inputs.to(dtype)
        for index in layers.indices {
            observe(x)
            x = forward(x, through: index, angles, mask, near, &cache)
        }
        let features = norm(x)
        observe(features)
        return dtype == .float32 ? features : features.to(inputs.dtype)
    }

    /// Features of the tokens that begin a sequence, normalized `[B, L, width]`, with every layer's input, keys and values by
    /// name (``PretrainedBackbone/trace(_:record:)``).
    func trace(
        _ inputs: Tensor,
        positions: Tensor,
        mask: Tensor?,
        near: Tensor? = nil,
        record: (_ name: String, _ tensor: Tensor) -> Void
    ) -> Tensor {
        var cache = KeyValueCache(layerCount: layers.count)
        var index = 0
        let features = decode(inputs, positions: positions, cache: &cache, mask: mask, near: near) { state in
            record("hidden.\(index)", state)
            index += 1
        }
        for (layer, (key, value)) in zip(cache.contents.keys, cache.contents.values).enumerated() {
            record("keys.\(layer)", key)
            record("values.\(layer)", value)
        }
        return features
    }

    /// Keys and values of the tokens that begin a sequence.
    ///
    /// Nothing reads the last layer's output, which is left out.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the tokens, `[B or 1, L]`, or `[sections, B, L]`.
    ///   - mask: bool, broadcasts to `[B, 1, L, L]`; nil attends to all.
    ///   - near: Pairs that no sliding window separates, bool, broadcasts to `[B, 1, L, L]`; nil for none.
    /// - Returns: A cache of L tokens.
    public func keysAndValues(
        of inputs: Tensor,
        positions: Tensor,
        mask: Tensor?,
        near: Tensor? = nil
    ) -> KeyValueCache {
        let angles = rotary.angles(for: positions)
        var cache = KeyValueCache(layerCount: layers.count)
        var x = inputs
        for (index, layer) in layers.enumerated() {
            guard index < layers.count - 1 else {
                let (key, value) = layer.keysAndValues(x, angles: angles)
                _ = cache.append(key: key, value: value, layer: index)
                continue
            }
            x = forward(x, through: index, angles, mask, near, &cache)
        }
        return cache
    }

    /// The output of one layer, whose keys and values are appended to `cache`.
    private func forward(
        _ x: Tensor,
        through index: Int,
        _ angles: RotaryAngles,
        _ mask: Tensor?,
        _ near: Tensor?,
        _ cache: inout KeyValueCache
    ) -> Tensor {
        let layer = layers[index]
        let mask = windowed(mask, near, layer, x, cache.length(ofLayer: index))
        guard GradientCheckpointing.isActive else {
            return layer(x, angles: angles, mask: mask) { cache.append(key: $0, value: $1, layer: index) }
        }
        let earlier = cache.keyAndValue(ofLayer: index)
        let (output, key, value) = layer.checkpointed(x, angles: angles, mask: mask, earlier: earlier)
        _ = cache.append(key: key, value: value, layer: index)
        return output
    }

    /// `mask` without the tokens before a layer's sliding window, where it has one and there are any, but with pairs in `near`.
    private func windowed(
        _ mask: Tensor?,
        _ near: Tensor?,
        _ layer: TransformerLayer,
        _ x: Tensor,
        _ earlier: Int
    ) -> Tensor? {
        let length = x.size(1)
        guard let window = layer.configuration.slidingWindow, earlier + length > window else { return mask }
        let query = Tensor.arange(earlier ..< earlier + length, device: x.device).unsqueezed(1)
        let key = Tensor.arange(0 ..< earlier + length, device: x.device).unsqueezed(0)
        let isInside = (query - key).less(Double(window)).reshaped(1, 1, length, earlier + length)
        let isNear = near.map { isInside.or($0) } ?? isInside
        return mask.map { $0.and(isNear) } ?? isNear
    }
}

extension Tensor {
    /// Mask of `count` tokens that attend to themselves and to earlier ones, bool `[1, 1, count, count]`.
    public static func causalMask(_ count: Int, device: Device) -> Tensor {
        let index = Tensor.arange(0 ..< count, device: device)
        return index.unsqueezed(1).greaterOrEqual(index.unsqueezed(0)).reshaped(1, 1, count, count)
    }
}
