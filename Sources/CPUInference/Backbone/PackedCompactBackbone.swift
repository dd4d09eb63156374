public import Backbones
internal import NN
internal import Torch

/// The compact backbone on hand-written kernels, for the observation of one robot on a CPU.
///
/// Observations in batches, without an image of a camera or with padding between tokens are left to libtorch; so is a pretrained
/// image encoder.
public struct PackedCompactBackbone: PrefixEncoder {
    /// The backbone of which this has the weights.
    private let plain: CompactBackbone
    private let cameras: [Camera]
    /// `[vocabulary, bytes' width]`.
    private let text: Rows
    private let textProjection: PackedLinear
    private let textPositions: Rows
    private let imagePositions: [Float]
    private let state: Rows
    private let objectPose: PackedObjectPoseHead?
    private let layers: [PackedDecoderLayer]
    private let lastLayer: PackedKeyValueLayer?

    private struct Camera: Sendable {
        let stem: PackedImageStem?
        let merging: PackedPatchMerging
        let keypoints: PackedKeypoints?
        let columns: Int
    }

    /// Multiplications of a prefix up to which one core is faster than libtorch on several.
    private static let mostMultiplications = 500_000_000

    /// Copies the present weights of `backbone`; nil for another backbone than the compact one, for a large one, and unless the weights
    /// are in single precision in a CPU's memory.
    public init?(_ backbone: any Backbone) {
        guard let plain = backbone as? CompactBackbone else { return nil }
        let (weight, configuration) = (plain.textProjection.weight, plain.configuration)
        guard weight.device == .cpu, weight.dtype == .float32 else { return nil }
        let tokens = (plain.imagePositions?.size(0) ?? 0) + plain.textPositions.size(0)
        let width = configuration.width
        guard 12 * width * width * configuration.layerCount * tokens <= Self.mostMultiplications else {
            return nil
        }
        let layers = plain.layers.compactMap(PackedDecoderLayer.init)
        guard layers.count == plain.layers.count else { return nil }
        self.plain = plain
        self.layers = layers
        lastLayer = plain.lastLayer.map { PackedKeyValueLayer($0) }
        cameras = zip(plain.cameras, configuration.cameras).map { camera, settings in
            Camera(
                stem: camera.stem.map { PackedImageStem($0) },
                merging: PackedPatchMerging(camera.merging),
                keypoints: camera.keypoints.map { PackedKeypoints($0) },
                columns: configuration.cells(of: settings).columns
            )
        }
        text = Rows(plain.text.weight)
        textProjection = PackedLinear(plain.textProjection)
        textPositions = Rows(plain.textPositions)
        imagePositions = plain.imagePositions?.floats ?? []
        state = Rows(plain.state.table.weight)
        objectPose = plain.objectPose.map { PackedObjectPoseHead($0) }
    }

    /// Encodes images, instruction and state in one forward.
    public func prefix(of input: PrefixInput) -> Prefix {
        guard input.tokens.size(0) == 1, input.hasImage == nil, let words = words(input.tokens),
            let bins = input.state
        else { return plain.prefix(of: input) }
        return encoded(tokens(input, words, bins.integers))
    }

    /// Tokens of the text, `[n, width]`; nil for text with padding in front of a token, or without any.
    private func words(_ ids: Tensor) -> Rows? {
        let bytes = plain.configuration.bytesPerToken
        let limit = plain.configuration.longestInstruction / bytes * bytes
        var ids = Array(ids.integers.prefix(limit))
        ids += [Int](repeating: ByteTokenizer.padding, count: (bytes - ids.count % bytes) % bytes)
        let isPadded = stride(from: 0, to: ids.count, by: bytes).contains { ids[$0] == ByteTokenizer.padding }
        guard !ids.isEmpty, !isPadded else { return nil }
        let embedded = ids.flatMap { text.values[$0 * text.width ..< ($0 + 1) * text.width] }
        var words = textPositions[0 ..< ids.count / bytes]
        textProjection.add(Rows(embedded, width: bytes * text.width), to: &words)
        return words
    }

    /// Tokens of an observation, in the order of the backbone's: `[S, width]`.
    private func tokens(_ input: PrefixInput, _ words: Rows, _ bins: [Int]) -> Rows {
        let instruction = words.mean()
        var (patches, keypoints): ([Float], [PackedKeypoints.Output]) = ([], [])
        let encoder = plain.imageEncoder
        for (index, camera) in cameras.enumerated() {
            let cells: Rows
            if let stem = camera.stem {
                let image = input.images[index]
                cells = stem(image.bytes, height: image.size(1), width: image.size(2))
            } else {
                let features = input.imageFeatures?[index] ?? encoder?(input.images[index])
                guard let features else { preconditionFailure("a camera without a stem has an encoder") }
                cells = Rows(features.floats, width: features.size(3))
            }
            patches += camera.merging(cells, columns: camera.columns).values
            if let own = camera.keypoints { keypoints.append(own(cells, instruction: instruction)) }
        }
        for position in imagePositions.indices { patches[position] += imagePositions[position] }
        let estimate = objectPose?.tokens(keypoints, instruction: instruction).values ?? []
        let states = bins.enumerated().flatMap { dimension, bin in
            let row = dimension * plain.configuration.stateBins + bin
            return state.values[row * state.width ..< (row + 1) * state.width]
        }
        let seen = patches + keypoints.flatMap(\.tokens.values) + estimate
        return Rows(seen + words.values + states, width: words.width)
    }

    /// Keys and values of every layer.
    private func encoded(_ tokens: Rows) -> Prefix {
        let (heads, count) = (plain.configuration.headCount, tokens.count)
        let shape = [1, heads, count, plain.configuration.width / heads]
        let layerCount = plain.configuration.layerCount
        let keys = (0 ..< layerCount).map { _ in Tensor.zeros(shape) }
        let values = (0 ..< layerCount).map { _ in Tensor.zeros(shape) }
        var x = tokens
        for index in 0 ..< layerCount {
            keys[index].withMutableBytes { keys in
                values[index].withMutableBytes { values in
                    guard let keys = keys.bindMemory(to: Float.self).baseAddress,
                        let values = values.bindMemory(to: Float.self).baseAddress
                    else { return }
                    guard index < layers.count else { lastLayer?(x, keys: keys, values: values); return }
                    let cache = PackedCachedAttention.Cache(
                        keys: keys,
                        values: values,
                        room: count,
                        filled: 0
                    )
                    layers[index](&x, angles: nil, tokens: count, cache: cache)
                }
            }
        }
        return Prefix(keys: keys, values: values, mask: nil, nextPosition: .ones([1]))
    }
}

/// `KeyValueLayer` for one observation.
struct PackedKeyValueLayer: Sendable {
    private let norm: PackedNorm
    private let projection: PackedLinear
    private let keyNorm: PackedNorm
    private let headWidth: Int

    /// Packs the present weights of `layer`.
    init(_ layer: KeyValueLayer) {
        norm = PackedNorm(layer.norm)
        projection = PackedLinear(layer.projection, after: layer.norm)
        keyNorm = PackedNorm(layer.keyNorm)
        headWidth = layer.keyNorm.weight.count
    }

    /// Writes keys and values of `x`, `[S, width]`: each `[heads, S, head width]`.
    func callAsFunction(
        _ x: Rows,
        keys: UnsafeMutablePointer<Float>,
        values: UnsafeMutablePointer<Float>
    ) {
        let joined = projection(norm(x)).regrouped(width: headWidth)
        let heads = joined.count / x.count / 2
        let normalized = keyNorm(joined)
        for token in 0 ..< x.count {
            for head in 0 ..< heads {
                let (key, value) = (
                    (token * 2 * heads + head) * headWidth, (token * 2 * heads + heads + head) * headWidth
                )
                let target = (head * x.count + token) * headWidth
                for channel in 0 ..< headWidth {
                    keys[target + channel] = normalized.values[key + channel]
                    values[target + channel] = joined.values[value + channel]
                }
            }
        }
    }
}

extension Rows {
    /// The mean of all rows, as one.
    fileprivate func mean() -> Rows {
        var sum = Rows(count: 1, width: width)
        for row in 0 ..< count {
            for column in 0 ..< width { sum.values[column] += values[row * width + column] }
        }
        for column in 0 ..< width { sum.values[column] /= Float(count) }
        return sum
    }
}
