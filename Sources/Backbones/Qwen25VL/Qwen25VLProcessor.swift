public import Foundation
internal import Torch

// Axes in this file
//   B  batch      N  patches of all images

extension Qwen25VL {
    /// The publisher's first words to the model, then a turn that begins with the images.
    public static func turn(_ configuration: Configuration, cameraCount: Int) -> ChatProcessor.Turn {
        let vision = configuration.vision
        let (grid, count) = (
            vision.cameraGrid, vision.cameraGrid.rows * vision.cameraGrid.columns / vision.cellSize
        )
        let image = String(repeating: "<|image_pad|>", count: count)
        let framed = String(repeating: "<|vision_start|>\(image)<|vision_end|>", count: cameraCount)
        let system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        return ChatProcessor.Turn(
            images: system + "<|im_start|>user\n" + framed,
            afterWords: "<|im_end|>\n<|im_start|>assistant\n",
            imageTokenCount: count * cameraCount,
            imageSize: grid.rows * vision.patchSize,
            pixels: .clip
        )
    }

    /// Observations as inputs of the network.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        let turn = turn(configuration, cameraCount: settings.cameraCount)
        return Qwen25VLProcessor(
            chat: try ChatProcessor(
                folder,
                turn,
                imageToken: configuration.imageToken,
                rows: configuration.language.vocabularySize,
                settings
            ),
            vision: configuration.vision
        )
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

    func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        var input = chat(observations, device: device)
        guard !input.images.isEmpty else { return input }
        // Prompt by prompt, then camera by camera, as their tokens.
        let images = Tensor.stacked(input.images, axis: 1)
        input.images = [patches(of: images.reshaped(-1, 3, images.size(3), images.size(4)))]
        input.grids = Array(repeating: vision.cameraGrid, count: images.size(0) * images.size(1))
        return input
    }

    /// Patches of square images, `[images, 3, height, width]`, cell by cell: `[N, 3 · frames · height · width]`.
    private func patches(of images: Tensor) -> Tensor {
        let (patch, merge, frames) = (vision.patchSize, vision.mergeSize, vision.frameCount)
        let cells = images.size(2) / (patch * merge)
        // Image, channel, cell, patch and pixel by row, the same by column; an image is repeated in time.
        return images.reshaped(-1, 3, cells, merge, patch, cells, merge, patch)
            .permuted(0, 2, 5, 3, 6, 1, 4, 7)
            .reshaped(-1, 3, 1, patch * patch)
            .expanded([-1, -1, frames, -1])
            .reshaped(-1, vision.patchLength)
    }
}

extension Qwen25VisionEncoder.Configuration {
    /// Patches of a camera's image: two windows by two, 224 by 224 pixels as published.
    var cameraGrid: ImageGrid {
        let side = 2 * windowCells * mergeSize
        return ImageGrid(rows: side, columns: side)
    }
}
