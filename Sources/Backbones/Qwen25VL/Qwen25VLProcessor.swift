public import Foundation
internal import ImageProcessing
package import Torch

// Axes in this file
//   B  batch      N  patches of all images

extension Qwen25VL {
    /// The publisher's first words to the model, then a turn that begins with the images.
    public static func turn(_ placeholders: [String]) -> ChatProcessor.Turn {
        let system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        return ChatProcessor.Turn(
            images: system + "<|im_start|>user\n" + placeholders.joined(),
            afterWords: "<|im_end|>\n<|im_start|>assistant\n"
        )
    }

    /// The images of a robot's cameras.
    public static func cameras(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> CameraImages {
        let vision = configuration.vision
        let whole = Qwen2VLImageProcessor(
            patchSize: vision.patchSize,
            temporalPatchSize: vision.frameCount,
            mergeSize: vision.mergeSize
        )
        return try CameraImages(
            folder,
            settings,
            side: vision.cameraSide,
            default: .clip,
            whole: whole,
            published: {
                let processor = try Qwen2VLImageProcessor(folder: $0)
                try processor.requirePatches(of: whole, folder: $0)
                return processor
            }
        )
    }

    /// Observations as inputs of the network.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        let chat = try chat(folder, configuration, settings)
        return Qwen25VLProcessor(chat: chat, vision: configuration.vision)
    }
}

extension Qwen2VLImageProcessor {
    /// Requires the patches of another processor.
    ///
    /// - Throws: ``PretrainedError`` that names the key.
    fileprivate func requirePatches(of other: Self, folder: URL) throws(PretrainedError) {
        for (key, found, expected) in [
            ("patch_size", patchSize, other.patchSize),
            ("temporal_patch_size", temporalPatchSize, other.temporalPatchSize),
            ("merge_size", mergeSize, other.mergeSize),
        ] where found != expected {
            throw PretrainedError(
                file: folder.path,
                reason:
                    "the image processor's '\(key)' should be \(expected), as the vision encoder's, found \(found)"
            )
        }
    }
}

/// Prompts of a chat, and images as flattened patches.
struct Qwen25VLProcessor: InputProcessor {
    let chat: ChatProcessor
    let vision: Qwen25VisionEncoder.Configuration

    var imageSizes: [ImageSize] { chat.imageSizes }

    var stateBins: Int { chat.stateBins }

    func tokens(instruction: String, state: [Int]) throws -> [Int] {
        try chat.tokens(instruction: instruction, state: state)
    }

    func tiles(of images: [UInt8], camera: Int) -> [UInt8] { chat.tiles(of: images, camera: camera) }

    func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        var input = chat(observations, device: device)
        guard !input.images.isEmpty else { return input }
        let grids = input.images.map {
            ImageGrid(rows: $0.size(2) / vision.patchSize, columns: $0.size(3) / vision.patchSize)
        }
        // Prompt by prompt, then camera by camera, as their tokens.
        let patches = input.images.map {
            $0.patches(of: vision.patchSize, cells: vision.mergeSize, frames: vision.frameCount)
        }
        input.images = [Tensor.concatenated(patches, axis: 1).reshaped(-1, vision.patchLength)]
        input.grids = (0 ..< observations.count).flatMap { _ in grids }
        return input
    }
}

extension Tensor {
    /// Patches of images, `[B, 3, height, width]`, cell by cell: `[B, patches, 3 · frames · size · size]`.
    ///
    /// - Parameters:
    ///   - size: Rows and columns of a patch.
    ///   - merge: Rows and columns of patches of a cell.
    ///   - frames: Number of times that an image, which has no other moments, stands in a patch.
    /// - Returns: Patches.
    package func patches(of size: Int, cells merge: Int, frames: Int) -> Tensor {
        let (rows, columns) = (self.size(2) / (size * merge), self.size(3) / (size * merge))
        // Image, channel, cell, patch and pixel by row, the same by column; an image is repeated in time.
        return reshaped(-1, 3, rows, merge, size, columns, merge, size)
            .permuted(0, 2, 5, 3, 6, 1, 4, 7)
            .reshaped(-1, 3, 1, size * size)
            .expanded([-1, -1, frames, -1])
            .reshaped(self.size(0), -1, 3 * frames * size * size)
    }
}

extension Qwen25VisionEncoder.Configuration {
    /// Rows and columns of pixels of a camera's image that is scaled with black borders: two windows by two, 224 as published.
    var cameraSide: Int { 2 * windowCells * mergeSize * patchSize }
}
