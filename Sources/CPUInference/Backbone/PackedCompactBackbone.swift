public import Backbones
internal import NN
internal import Torch

/// The compact backbone on hand-written kernels, for observations of one or several robots on a CPU: each takes one core.
///
/// Observations without an image of a camera or without text are left to libtorch; so is a pretrained image encoder.
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
    private let summary: PackedImageSummary?
    private let objectPose: PackedObjectPoseHead?
    private let layers: [PackedDecoderLayer]
    private let lastLayer: PackedKeyValueLayer?

    fileprivate struct Camera: Sendable {
        let stem: PackedImageStem?
        let merging: PackedPatchMerging?
        let keypoints: PackedKeypoints?
        let flattened: PackedFlattenedMap?
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
                merging: camera.merging.map { PackedPatchMerging($0) },
                keypoints: camera.keypoints.map { PackedKeypoints($0) },
                flattened: camera.flattened.map { PackedFlattenedMap($0) },
                columns: configuration.cells(of: settings).columns
            )
        }
        text = Rows(plain.text.weight)
        textProjection = PackedLinear(plain.textProjection)
        textPositions = Rows(plain.textPositions)
        imagePositions = plain.imagePositions?.floats ?? []
        state = Rows(plain.state.table.weight)
        summary = plain.summary.map { PackedImageSummary($0) }
        objectPose = plain.objectPose.map { PackedObjectPoseHead($0) }
    }

    /// Encodes images, instruction and state.
    public func prefix(of input: PrefixInput) -> Prefix {
        guard input.hasImage == nil, let observations = observations(input) else {
            return plain.prefix(of: input)
        }
        let bytes = plain.configuration.bytesPerToken
        let words = min(input.tokens.size(1), plain.configuration.longestInstruction / bytes * bytes)
        return encoded(
            inParallel(observations.count) { tokens(observations[$0]) },
            stateCount: observations[0].bins.count,
            padding: observations.map { (words + bytes - 1) / bytes - $0.text.count / bytes }
        )
    }

    /// One robot's observation in host memory.
    private struct Observation: Sendable {
        /// Ids of the instruction's bytes.
        let text: [Int]
        /// Bin of every state dimension.
        let bins: [Int]
        let views: [View]
    }

    /// A camera's image: its pixels, or features of an image encoder.
    fileprivate enum View: Sendable {
        case pixels([UInt8], height: Int, width: Int)
        /// Features of every cell.
        case features(Rows)
    }

    /// The observations of a batch; nil without states, and for text with padding in front of a token or without any.
    private func observations(_ input: PrefixInput) -> [Observation]? {
        guard let state = input.state, let texts = self.texts(of: input.tokens) else { return nil }
        let bins = state.integers.parts(texts.count)
        let views = cameras.indices.map { self.views(input, camera: $0, count: texts.count) }
        return texts.indices.map { row in
            Observation(text: texts[row], bins: bins[row], views: views.map { $0[row] })
        }
    }

    /// Ids of every instruction, filled up to whole tokens, without tokens of padding alone.
    private func texts(of tokens: Tensor) -> [[Int]]? {
        let bytes = plain.configuration.bytesPerToken
        let limit = plain.configuration.longestInstruction / bytes * bytes
        let texts = tokens.integers.parts(tokens.size(0)).map { ids in
            let ids = ids.prefix(limit)
            let end = ids.lastIndex { $0 != ByteTokenizer.padding }.map { $0 + 1 } ?? 0
            return ids[..<end]
                + [Int](repeating: ByteTokenizer.padding, count: (bytes - end % bytes) % bytes)
        }
        let isPadded = texts.contains { ids in
            ids.isEmpty
                || stride(from: 0, to: ids.count, by: bytes).contains { ids[$0] == ByteTokenizer.padding }
        }
        return isPadded ? nil : texts.map { Array($0) }
    }

    /// Images of one camera in each of `count` observations.
    private func views(_ input: PrefixInput, camera: Int, count: Int) -> [View] {
        if cameras[camera].stem != nil {
            let image = input.images[camera]
            return image.bytes.parts(count).map {
                .pixels($0, height: image.size(1), width: image.size(2))
            }
        }
        let features = input.imageFeatures?[camera] ?? plain.imageEncoder?(input.images[camera])
        guard let features else { preconditionFailure("a camera without a stem has an encoder") }
        return features.floats.parts(count).map { .features(Rows($0, width: features.size(3))) }
    }

    /// Tokens of an observation, in the order of the backbone's: `[S, width]`.
    private func tokens(_ observation: Observation) -> Rows {
        let words = self.words(observation.text)
        let instruction = words.mean()
        var (patches, keypoints): ([Float], [PackedKeypoints.Output]) = ([], [])
        var maps: [Float] = []
        for (camera, view) in zip(cameras, observation.views) {
            let cells = camera.cells(view)
            patches += camera.merging?(cells, columns: camera.columns).values ?? []
            if let own = camera.keypoints { keypoints.append(own(cells, instruction: instruction)) }
            if let own = camera.flattened { maps += own(cells, instruction: instruction) }
        }
        for position in imagePositions.indices { patches[position] += imagePositions[position] }
        let summary = summary?(maps, instruction: instruction)
        let estimate = objectPose?.tokens(keypoints, summary: summary?.features, instruction: instruction)
        let others = (estimate?.values ?? []) + (summary?.tokens.values ?? [])
        let states = observation.bins.enumerated().flatMap { dimension, bin in
            let row = dimension * plain.configuration.stateBins + bin
            return state.values[row * state.width ..< (row + 1) * state.width]
        }
        let seen = patches + keypoints.flatMap(\.tokens.values) + others
        return Rows(seen + words.values + states, width: words.width)
    }

    /// Tokens of an instruction, `[n, width]`.
    private func words(_ ids: [Int]) -> Rows {
        let bytes = plain.configuration.bytesPerToken
        let embedded = ids.flatMap { text.values[$0 * text.width ..< ($0 + 1) * text.width] }
        var words = textPositions[0 ..< ids.count / bytes]
        textProjection.add(Rows(embedded, width: bytes * text.width), to: &words)
        return words
    }

    /// Keys and values of every layer, of the tokens of as many observations.
    ///
    /// - Parameters:
    ///   - tokens: Tokens of every observation; the last `stateCount` follow its text.
    ///   - stateCount: Tokens of the state.
    ///   - padding: Tokens of padding between text and state of every observation, so that all have as many.
    /// - Returns: The prefix, with a mask where there is padding.
    private func encoded(_ tokens: [Rows], stateCount: Int, padding: [Int]) -> Prefix {
        let (heads, width) = (plain.configuration.headCount, tokens[0].width)
        let room = tokens[0].count + padding[0]
        let shape = [tokens.count, heads, room, width / heads]
        let layerCount = plain.configuration.layerCount
        let keys = (0 ..< layerCount).map { _ in Tensor.empty(shape) }
        let values = (0 ..< layerCount).map { _ in Tensor.empty(shape) }
        // Observations write to memory of their own.
        nonisolated(unsafe) let (keyMemory, valueMemory) = (keys.map(Self.memory), values.map(Self.memory))
        _ = inParallel(tokens.count) { row in
            var x = tokens[row]
            for index in 0 ..< layerCount {
                let (keys, values) = (
                    keyMemory[index] + row * room * width, valueMemory[index] + row * room * width
                )
                if index < layers.count {
                    let cache = PackedCachedAttention.Cache(
                        keys: keys,
                        values: values,
                        room: room,
                        filled: 0,
                        elementCount: room * width
                    )
                    layers[index](&x, angles: nil, tokens: x.count, cache: cache)
                } else {
                    lastLayer?(x, keys: keys, values: values, room: room)
                }
                for head in 0 ..< heads where padding[row] > 0 {
                    for memory in [keys, values] {
                        Self.moveApart(
                            memory + head * room * width / heads,
                            count: tokens[row].count * width / heads,
                            last: stateCount * width / heads,
                            by: padding[row] * width / heads
                        )
                    }
                }
            }
        }
        return Prefix(
            keys: keys,
            values: values,
            mask: padding.contains { $0 > 0 } ? mask(room, stateCount, padding) : nil,
            nextPosition: .ones([1])
        )
    }

    /// Moves the last of `count` numbers backwards, and fills the gap with zeros.
    private static func moveApart(
        _ numbers: UnsafeMutablePointer<Float>,
        count: Int,
        last: Int,
        by gap: Int
    ) {
        let end = numbers + (count - last)
        (end + gap).update(from: end, count: last)
        end.update(repeating: 0, count: gap)
    }

    /// True for tokens that are no padding, bool `[B, 1, 1, S]`.
    private func mask(_ room: Int, _ stateCount: Int, _ padding: [Int]) -> Tensor {
        let isReal = padding.flatMap { padding in
            let end = room - stateCount
            return (0 ..< room).map { $0 < end - padding || $0 >= end }
        }
        return Tensor(isReal, shape: [padding.count, 1, 1, room])
    }

    /// The numbers of a tensor, which has to outlive their use.
    private static func memory(_ tensor: Tensor) -> UnsafeMutablePointer<Float> {
        tensor.withMutableBytes { bytes in
            guard let numbers = bytes.bindMemory(to: Float.self).baseAddress else {
                preconditionFailure("keys and values of no tokens")
            }
            return numbers
        }
    }
}

extension PackedCompactBackbone.Camera {
    /// Features of every cell of a view, row by row.
    fileprivate func cells(_ view: PackedCompactBackbone.View) -> Rows {
        switch view {
        case .features(let cells): return cells
        case .pixels(let image, let height, let width):
            guard let stem else { preconditionFailure("a camera of pixels has a stem") }
            return stem(image, height: height, width: width)
        }
    }
}

extension Array {
    /// The elements in `count` parts of one length.
    fileprivate func parts(_ count: Int) -> [[Element]] {
        let length = self.count / Swift.max(1, count)
        return (0 ..< count).map { Array(self[$0 * length ..< ($0 + 1) * length]) }
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
