internal import Backbones
internal import Foundation
internal import RobotTypes
internal import TextTokenizers
internal import Torch

/// Observations as inputs of `pi0_fast`: what LeRobot's pre-processor and `_preprocess_images` make of them.
struct PI0FASTInput {
    let configuration: PI0FASTConfiguration
    let processors: LeRobotProcessors
    let tokenizer: TextTokenizer
    /// Token that begins a text.
    let beginning: Int
    /// Token that stands for a patch of an image, and number of patches of one.
    let placeholder: (token: Int, count: Int)
    let device: Device

    /// The input of `observation`: images, text, and the token that begins the answer.
    ///
    /// Cameras of the configuration's `empty_cameras` are left out: nothing attends to them, and they take up no positions.
    ///
    /// - Throws: ``LeRobotObservationError``; `PromptError` for an instruction that spells an image's token; the errors of
    ///   text tokenizers.
    func callAsFunction(_ observation: Observation) throws -> PrefixInput {
        let names = configuration.cameras.map { processors.robotNames[$0.name] ?? $0.name }
        if let other = observation.images.keys.sorted().first(where: { !names.contains($0) }) {
            throw LeRobotObservationError(
                "unknown camera '\(other)', expected \(names.joined(separator: ", "))"
            )
        }
        let images = try names.map { name in
            guard let image = observation.images[name] else {
                throw LeRobotObservationError("no image of camera '\(name)'")
            }
            return pixels(of: image)
        }
        guard observation.state.count == configuration.stateDimension else {
            throw LeRobotObservationError(
                "expected a state of \(configuration.stateDimension) values, found \(observation.state.count)"
            )
        }
        let placeholders = Array(repeating: placeholder.token, count: placeholder.count * images.count)
        let prompt = try promptTokens(observation)
        let tokens = placeholders + prompt + [beginning]
        return PrefixInput(images: images, tokens: Tensor(tokens, shape: [1, tokens.count], device: device))
    }

    /// Tokens of the prompt, at most as many as the configuration allows.
    func promptTokens(_ observation: Observation) throws -> [Int] {
        let text = Self.prompt(observation.instruction, state: processors.state.normalized(observation.state))
        let tokens = Array(try tokenizer.encoded(text).prefix(configuration.promptLength))
        // Behind the last row of the token embedding.
        try PromptError.check(
            tokens,
            placeholder: placeholder.token,
            rows: placeholder.token,
            spelling: tokenizer.spelling(of:)
        )
        return tokens
    }

    /// The prompt's text: unlike openpi's, the instruction keeps its capitals.
    static func prompt(_ instruction: String, state: [Float]) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || (0x1C ... 0x1F).contains(scalar.value)  // as in Python
        }
        let scalars = instruction.unicodeScalars
        let trimmed = scalars.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let task = String(String.UnicodeScalarView(trimmed.map { $0 == "_" || $0 == "\n" ? " " : $0 }))
        let bins = state.map { String(bin(of: $0)) }.joined(separator: " ")
        return "Task: \(task), State: \(bins);\n"
    }

    /// Bin of a normalised value: 256 over [-1, 1], -1 below, and the last one above.
    static func bin(of value: Float) -> Int {
        let scaled = min(255, max(-1, ((Double(value) + 1) * 128).rounded(.down)))
        // The sum rounds up next to a bin's lower edge.
        return Int(scaled / 128 - 1 > Double(value) && scaled >= 0 ? scaled - 1 : scaled)
    }

    /// Pixels between -1 and 1, `[1, 3, side, side]`, the image scaled to fit and centred on black.
    ///
    /// LeRobot interpolates between the nearest pixels, also where it makes images smaller, and rounds to no bytes.
    func pixels(of image: Image) -> Tensor {
        let side = configuration.imageSize
        var pixels =
            Tensor(image.pixels, shape: [1, image.height, image.width, 3], device: device)
            .permuted(0, 3, 1, 2).to(.float32) / 255
        if image.height != side || image.width != side {
            let ratio = max(Double(image.width) / Double(side), Double(image.height) / Double(side))
            let rows = max(1, Int(Double(image.height) / ratio))
            let columns = max(1, Int(Double(image.width) / ratio))
            let (top, left) = ((side - rows) / 2, (side - columns) / 2)
            pixels = pixels.enlarged(rows: rows, columns: columns)
                .padded([left, side - columns - left, top, side - rows - top])
        }
        return pixels * 2 - 1
    }
}

/// An observation that a LeRobot policy cannot read.
public struct LeRobotObservationError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    /// Creates an error from its sentence.
    public init(_ description: String) { self.description = description }
}
