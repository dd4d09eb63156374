import Backbones
import Testing
import Torch

@Suite("The key-value cache")
struct KeyValueCacheTests {
    private let prefix: Prefix

    init() {
        Torch.seed(1)
        prefix = Prefix(
            keys: (0 ..< 2).map { _ in Tensor.randn([2, 3, 5, 4]) },
            values: (0 ..< 2).map { _ in Tensor.randn([2, 3, 5, 4]) },
            mask: nil,
            nextPosition: Tensor([1])
        )
    }

    @Test("holds the prefix and all that was appended, in room made beforehand as in new tensors")
    func append() {
        var growing = KeyValueCache(prefix)
        var roomy = KeyValueCache(prefix, roomFor: 3)
        var (keys, values) = (prefix.keys, prefix.values)
        for count in [1, 2] {
            for layer in keys.indices {
                let (key, value) = (Tensor.randn([2, 3, count, 4]), Tensor.randn([2, 3, count, 4]))
                keys[layer] = .concatenated([keys[layer], key], axis: 2)
                values[layer] = .concatenated([values[layer], value], axis: 2)
                for held in [
                    growing.append(key: key, value: value, layer: layer),
                    roomy.append(key: key, value: value, layer: layer),
                ] {
                    #expect(
                        held.key.floats == keys[layer].floats && held.value.floats == values[layer].floats
                    )
                }
            }
        }
    }

    @Test("overwrites what was forgotten")
    func forget() {
        var cache = KeyValueCache(prefix, roomFor: 2)
        let rejected = Tensor.randn([2, 3, 2, 4])
        for layer in 0 ..< 2 { _ = cache.append(key: rejected, value: rejected, layer: layer) }
        cache.forget(2)
        let kept = Tensor.randn([2, 3, 2, 4])
        for layer in 0 ..< 2 {
            let held = cache.append(key: kept, value: kept, layer: layer)
            #expect(held.key.floats == Tensor.concatenated([prefix.keys[layer], kept], axis: 2).floats)
        }
    }

    @Test("lends its memory: what is written there is appended, and without room nothing is lent")
    func room() throws {
        var cache = KeyValueCache(prefix, roomFor: 1)
        let filled = cache.withRoom(for: 1, layer: 0) { keys, values, room, filled in
            for head in 0 ..< 6 {
                for channel in 0 ..< 4 {
                    let index = (head * room + filled) * 4 + channel
                    (keys[index], values[index]) = (Float(head), Float(channel))
                }
            }
            return filled
        }
        #expect(filled == 5)
        #expect(cache.withRoom(for: 1, layer: 0) { _, _, _, _ in true } == nil)
        let held = cache.append(key: .zeros([2, 3, 0, 4]), value: .zeros([2, 3, 0, 4]), layer: 0)
        let (key, value) = (
            held.key.narrowed(2, from: 5, count: 1), held.value.narrowed(2, from: 5, count: 1)
        )
        #expect(key.floats == (0 ..< 24).map { Float($0 / 4) })
        #expect(value.floats == (0 ..< 24).map { Float($0 % 4) })
        #expect(held.key.narrowed(2, from: 0, count: 5).floats == prefix.keys[0].floats)
        var growing = KeyValueCache(prefix)
        #expect(growing.withRoom(for: 1, layer: 0) { _, _, _, _ in true } == nil)
    }
}
