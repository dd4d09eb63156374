public import Torch

/// KV cache: keys and values of the prefix, then of appended tokens, layer by layer.
public struct KeyValueCache: Sendable {
    /// Keys of every layer, `[B, G, tokens, E]`; in a cache with room, with what is not yet filled.
    private var keys: [Tensor]
    /// Values of every layer, of the keys' shape.
    private var values: [Tensor]

    /// Number of tokens that each layer holds; nil for a cache that grows by new tensors.
    private var counts: [Int]?

    /// Starts empty, and grows by making new tensors.
    public init(layerCount: Int) {
        (keys, values) = ([], [])
        keys.reserveCapacity(layerCount)
        values.reserveCapacity(layerCount)
    }

    /// Starts with the keys and values of `prefix`, and grows by making new tensors, so that gradients flow.
    public init(_ prefix: Prefix) {
        keys = prefix.keys
        values = prefix.values
    }

    /// Starts with the keys and values of `prefix`, with room for `count` more tokens, which are written in place.
    public init(_ prefix: Prefix, roomFor count: Int) {
        func roomy(_ tensor: Tensor) -> Tensor {
            var shape = tensor.shape
            shape[2] += count
            // Nothing reads what is not filled.
            let buffer = Tensor.empty(shape, dtype: tensor.dtype, device: tensor.device)
            guard tensor.device == .cpu else {
                buffer.narrowed(2, from: 0, count: tensor.size(2)).copyInPlace(tensor)
                return buffer
            }
            let heads = tensor.size(0) * tensor.size(1)
            tensor.contiguous().withMutableBytes { held in
                buffer.withMutableBytes { room in
                    for head in 0 ..< heads {
                        let (source, target) = (head * held.count / heads, head * room.count / heads)
                        UnsafeMutableRawBufferPointer(rebasing: room[target...])
                            .copyMemory(
                                from: UnsafeRawBufferPointer(
                                    rebasing: held[source ..< source + held.count / heads]
                                )
                            )
                    }
                }
            }
            return buffer
        }
        keys = prefix.keys.map(roomy)
        values = prefix.values.map(roomy)
        counts = prefix.keys.map { $0.size(2) }
    }

    /// Adds the keys and values of new tokens, `[B, G, L, E]`, to a layer and returns all of the layer's, in the precision
    /// of those that it holds.
    public mutating func append(key: Tensor, value: Tensor, layer: Int) -> (key: Tensor, value: Tensor) {
        guard let count = counts?[layer] else {
            guard layer < keys.count else {
                precondition(layer == keys.count, "layers of an empty cache are filled in their order")
                keys.append(key)
                values.append(value)
                return (key, value)
            }
            let (key, value) = (key.to(keys[layer].dtype), value.to(values[layer].dtype))
            keys[layer] = .concatenated([keys[layer], key], axis: 2)
            values[layer] = .concatenated([values[layer], value], axis: 2)
            return (keys[layer], values[layer])
        }
        let added = key.size(2)
        precondition(count + added <= keys[layer].size(2), "the cache has no room for \(added) more tokens")
        keys[layer].narrowed(2, from: count, count: added).copyInPlace(key)
        values[layer].narrowed(2, from: count, count: added).copyInPlace(value)
        counts?[layer] = count + added
        return (
            keys[layer].narrowed(2, from: 0, count: count + added),
            values[layer].narrowed(2, from: 0, count: count + added)
        )
    }

    /// Number of tokens that a layer holds.
    public func length(ofLayer layer: Int) -> Int {
        counts?[layer] ?? (layer < keys.count ? keys[layer].size(2) : 0)
    }

    /// Keys and values of a layer, each `[B, G, tokens, E]`; nil before its first tokens.
    func keyAndValue(ofLayer layer: Int) -> (key: Tensor, value: Tensor)? {
        guard layer < keys.count else { return nil }
        let count = length(ofLayer: layer)
        return (
            keys[layer].narrowed(2, from: 0, count: count), values[layer].narrowed(2, from: 0, count: count)
        )
    }

    /// Keys and values of every layer, each `[B, G, tokens, E]`.
    public var contents: (keys: [Tensor], values: [Tensor]) {
        guard let counts else { return (keys, values) }
        func filled(_ tensors: [Tensor]) -> [Tensor] {
            zip(tensors, counts).map { $0.narrowed(2, from: 0, count: $1) }
        }
        return (filled(keys), filled(values))
    }

    /// Lends a layer's memory to `body`, which writes `added` more tokens into it: keys and values, each
    /// `[B, G, room, E]`, of which `filled` tokens a head are in use.
    ///
    /// - Returns: The result of `body`; nil without room, or unless the cache is in single precision in a CPU's memory.
    public mutating func withRoom<Result>(
        for added: Int,
        layer: Int,
        _ body: (
            _ keys: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ room: Int,
            _ filled: Int
        ) -> Result
    ) -> Result? {
        let (key, value) = (keys[layer], values[layer])
        guard let filled = counts?[layer], filled + added <= key.size(2), key.dtype == .float32,
            key.device == .cpu
        else { return nil }
        let result = key.withMutableBytes { keys in
            value.withMutableBytes { values -> Result? in
                guard let keys = keys.bindMemory(to: Float.self).baseAddress,
                    let values = values.bindMemory(to: Float.self).baseAddress
                else { return nil }
                return body(keys, values, key.size(2), filled)
            }
        }
        counts?[layer] = filled + added
        return result
    }

    /// Removes the last `count` tokens of every layer.
    public mutating func forget(_ count: Int) { counts = counts?.map { $0 - count } }
}
