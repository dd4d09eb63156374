internal import Backbones
internal import Torch

/// What one training step reads, in host memory.
struct PolicyBatch: Sendable {
    /// One array a camera, `[B, height, width, 3]`.
    var images: [[UInt8]]
    /// `[B, length]`, padded.
    var text: [Int]
    /// `[B, stateDimension]`.
    var state: [Int]
    /// `[B, tokenCount]`.
    var codes: [Int]
}

extension PolicyExamples {
    /// The batch of `indices`, with pictures changed by `augmentation`; equal arguments give equal batches.
    func batch(
        _ indices: [Int],
        augmentation: ImageAugmentation,
        seed: UInt64,
        step: Int
    ) throws -> PolicyBatch {
        let longest = max(1, instructions.map(\.count).max() ?? 1)
        var batch = PolicyBatch(images: [], text: [], state: [], codes: [])
        for index in indices {
            let ids = instructions[instructionIndices[index]]
            batch.text += ids + Array(repeating: 0, count: longest - ids.count)
            batch.state += stateBins[index * stateDimension ..< (index + 1) * stateDimension]
            batch.codes += codes[index * tokenCount ..< (index + 1) * tokenCount]
        }
        for (camera, description) in cameras.enumerated() {
            let (height, width) = (description.height, description.width)
            let size = height * width * 3
            var random = SeededRandom(seed: seed, 2, UInt64(step), UInt64(camera))
            let pixels = try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { plain in
                try [UInt8](unsafeUninitializedCapacity: size * indices.count) { target, count in
                    for (row, index) in indices.enumerated() {
                        try frames.copyFrame(frameIndices[index], camera: camera, into: plain)
                        augmentation.apply(
                            UnsafeBufferPointer(plain),
                            height: height,
                            width: width,
                            to: UnsafeMutableBufferPointer(rebasing: target[row * size ..< (row + 1) * size]),
                            random: &random
                        )
                    }
                    count = size * indices.count
                }
            }
            batch.images.append(pixels)
        }
        return batch
    }
}

extension PolicyBatch {
    /// The batch as the network reads it, on `device`.
    func tensors(_ examples: PolicyExamples, device: Device) -> (input: PrefixInput, codes: Tensor) {
        let count = codes.count / examples.tokenCount
        let images = zip(self.images, examples.cameras).map { pixels, camera in
            Tensor(pixels, shape: [count, camera.height, camera.width, 3], device: device)
        }
        let input = PrefixInput(
            images: images,
            text: Tensor(text, shape: [count, text.count / count], device: device),
            state: Tensor(state, shape: [count, examples.stateDimension], device: device)
        )
        return (input, Tensor(codes, shape: [count, examples.tokenCount], device: device))
    }
}
