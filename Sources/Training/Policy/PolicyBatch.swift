internal import Backbones
internal import FASTerVLA
internal import RobotTypes
internal import Support
internal import Torch

/// What one training step reads, in host memory.
struct PolicyBatch: Sendable {
    /// One array a camera, `[B, height, width, 3]`.
    var images: [[UInt8]]
    /// `[B, length]`, padded.
    var text: [Int]
    /// `[B, stateDimension]`.
    var state: [Int]
    /// `[B, count]`; empty where there are none.
    var codes: [Int]
    /// `[B, foreseen states · stateDimension]`; empty where there are none.
    var foreseen: [Float] = []
    /// `[B, M]`; empty where nothing says where things are.
    var environmentStates: [Float] = []
    /// Of every camera, `[B, things, 2]`.
    var places: [[Float]] = []
    /// Normalised actions.
    var chunks: ActionChunks
}

extension PolicyExamples {
    /// The batch of `indices`, with pictures changed by `augmentation`; equal arguments give equal batches.
    func batch(
        _ indices: [Int],
        augmentation: Augmentation,
        seed: UInt64,
        step: Int
    ) throws -> PolicyBatch {
        let longest = max(1, instructions.map(\.count).max() ?? 1)
        var batch = PolicyBatch(images: [], text: [], state: [], codes: [], chunks: chunks.gathered(indices))
        var random = SeededRandom(seed: seed, 3, UInt64(step))
        for index in indices {
            let ids = instructions[instructionIndices[index]]
            batch.text += ids + Array(repeating: 0, count: longest - ids.count)
            batch.state += augmentation.changed(
                stateBins[index * stateDimension ..< (index + 1) * stateDimension],
                of: stateBinCount,
                random: &random
            )
            if let foreseen { batch.foreseen += row(index, of: foreseen) }
            if let environmentStates { batch.environmentStates += row(index, of: environmentStates) }
            if let codes { batch.codes += codes.values[index * codes.count ..< (index + 1) * codes.count] }
        }
        for camera in cameras.indices {
            var random = SeededRandom(seed: seed, 2, UInt64(step), UInt64(camera))
            let (pixels, moves) = try pictures(of: camera, at: indices, augmentation, random: &random)
            batch.images.append(pixels)
            guard places.indices.contains(camera) else { continue }
            batch.places.append(movedPlaces(of: camera, at: indices, moves))
        }
        return batch
    }

    /// The pictures of `camera` at `indices`, changed by `augmentation`: `[B, height, width, 3]`, and by how many
    /// pixels what each of them shows has moved.
    private func pictures(
        of camera: Int,
        at indices: [Int],
        _ augmentation: Augmentation,
        random: inout SeededRandom
    ) throws -> (pixels: [UInt8], moves: [(right: Int, down: Int)]) {
        let (height, width) = (cameras[camera].height, cameras[camera].width)
        let size = height * width * 3
        var moves: [(right: Int, down: Int)] = []
        let pixels = try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { plain in
            try [UInt8](unsafeUninitializedCapacity: size * indices.count) { target, count in
                for (row, index) in indices.enumerated() {
                    try frames.copyFrame(frameIndices[index], camera: camera, into: plain)
                    let pictures = target[row * size ..< (row + 1) * size]
                    moves.append(
                        augmentation.apply(
                            UnsafeBufferPointer(plain),
                            height: height,
                            width: width,
                            to: UnsafeMutableBufferPointer(rebasing: pictures),
                            random: &random
                        )
                    )
                }
                count = size * indices.count
            }
        }
        return (pixels, moves)
    }

    /// Where things are in the pictures of `camera` at `indices`, which have moved by `moves`: `[B, things, 2]`.
    private func movedPlaces(
        of camera: Int,
        at indices: [Int],
        _ moves: [(right: Int, down: Int)]
    ) -> [Float] {
        let (height, width) = (cameras[camera].height, cameras[camera].width)
        var shown: [Float] = []
        for (index, move) in zip(indices, moves) {
            // From edge to edge is 2.
            let offsets = [2 * Float(move.right) / Float(width), 2 * Float(move.down) / Float(height)]
            for (column, place) in row(index, of: places[camera]).enumerated() {
                shown.append(place + offsets[column % 2])
            }
        }
        return shown
    }

    /// What `values`, as many of every example, have of the example at `index`.
    private func row(_ index: Int, of values: [Float]) -> ArraySlice<Float> {
        let size = values.count / count
        return values[index * size ..< (index + 1) * size]
    }
}

extension PolicyBatch {
    /// The batch as the network reads it, on `device`.
    func tensors(_ examples: PolicyExamples, device: Device) -> (input: PrefixInput, targets: ActionTargets) {
        let count = chunks.count
        let images = zip(self.images, examples.cameras).map { pixels, camera in
            Tensor(pixels, shape: [count, camera.height, camera.width, 3], device: device)
        }
        let input = PrefixInput(
            images: images,
            text: Tensor(text, shape: [count, text.count / count], device: device),
            state: Tensor(state, shape: [count, examples.stateDimension], device: device)
        )
        let isValid = chunks.validSteps.flatMap { valid in (0 ..< chunks.horizon).map { $0 < valid } }
        let targets = ActionTargets(
            actions: Tensor(
                chunks.values,
                shape: [count, chunks.horizon, chunks.dimension],
                device: device
            ),
            isValid: Tensor(isValid, shape: [count, chunks.horizon], device: device),
            codes: examples.codes.map { Tensor(codes, shape: [count, $0.count], device: device) }
        )
        return (input, targets)
    }
}

extension PolicyBatch {
    /// Where things are; nil where nothing says so.
    func environmentTruth(_ examples: PolicyExamples, device: Device) -> EnvironmentTruth? {
        guard !environmentStates.isEmpty else { return nil }
        let count = chunks.count
        let seeing = zip(places, examples.cameras).filter { $1.keypoints > 0 }
        return EnvironmentTruth(
            values: Tensor(
                environmentStates,
                shape: [count, environmentStates.count / count],
                device: device
            ),
            cells: seeing.map { places, camera in
                guard !places.isEmpty else { return nil }
                let (rows, columns) = camera.cells
                let things = places.count / 2 / count
                let shares = CellShares.shares(of: places, rows: rows, columns: columns)
                return Tensor(shares, shape: [count, things, rows * columns], device: device)
            }
        )
    }

    /// States to be foreseen, normalised `[B, states, stateDimension]`.
    func foreseenStates(_ examples: PolicyExamples, device: Device) -> Tensor {
        Tensor(
            foreseen,
            shape: [
                chunks.count, foreseen.count / chunks.count / examples.stateDimension,
                examples.stateDimension,
            ],
            device: device
        )
    }
}

extension ActionChunks {
    /// The chunks at `indices`.
    func gathered(_ indices: [Int]) -> ActionChunks {
        let size = horizon * dimension
        return ActionChunks(
            count: indices.count,
            horizon: horizon,
            dimension: dimension,
            values: indices.flatMap { values[$0 * size ..< ($0 + 1) * size] },
            validSteps: indices.map { validSteps[$0] }
        )
    }
}
