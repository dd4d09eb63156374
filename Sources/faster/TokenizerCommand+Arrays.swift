import ActionTokenizers
import ArgumentParser
import Foundation
import Numpy
import RobotTypes
import TokenizerRegistry

extension TokenizerCommand {
    /// A tokenizer, an array that it reads and one that it writes.
    struct ArrayOptions: ParsableArguments {
        @Option(help: "Folder of the tokenizer; FOLDER:codebooks=2 uses its first two codebooks.")
        var tokenizer: String

        @Option(name: .customLong("in"), help: "Array to read, .npy.")
        var input: String

        @Option(help: "Array to write, .npy.")
        var out: String

        @Option(
            help:
                "The robot's state at the first step of every chunk, .npy [n, columns], for tokenizers of actions relative to it."
        )
        var states: String?

        @OptionGroup var compute: ComputeOptions

        /// The states of `count` chunks; empty where the tokenizer's actions are not relative to them.
        func states(_ count: Int, for tokenizer: any ActionTokenizer) throws -> [Float] {
            guard let transform = tokenizer.normalization.transform, transform.isRelative else { return [] }
            guard let states else {
                throw ActionTokenizerError(
                    "expected --states FILE.npy, as the tokenizer is for \(transform); zeros for actions that are relative already"
                )
            }
            let file = try NumpyFile(reading: states.asFile)
            let expected = [count, transform.stateDimension]
            guard file.shape == expected else {
                throw NumpyError(
                    file: states,
                    reason: "expected states of shape \(expected), found \(file.shape)"
                )
            }
            return try file.floats(states.asFile)
        }

        /// Reads the array and lets `body` write another one with the tokenizer.
        ///
        /// - Parameters:
        ///   - content: Content of the array that is written.
        ///   - body: Writes the array to the URL and returns its shape.
        /// - Throws: `NumpyError` that names the array in the tokenizer's errors.
        func convert(to content: String, _ body: (any ActionTokenizer, NumpyFile, URL) throws -> [Int]) throws
        {
            let tokenizer = try TokenizerOpener(try compute.prepare()).tokenizer(tokenizer)
            let file = try NumpyFile(reading: input.asFile)
            do {
                let shape = try body(tokenizer, file, out.asFile)
                if !Terminal.isQuiet { print("\(out): \(content) \(shape)") }
            } catch let error as ActionTokenizerError {
                throw refusal(error.description)
            }
        }

        func refusal(_ reason: String) -> NumpyError { NumpyError(file: input, reason: reason) }
    }

    /// `faster tokenizer encode`.
    struct Encode: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Encode chunks of actions in the robot's units: .npy float32 [n, horizon, dimension] to int64 [n, tokens].",
            discussion: """
                FAST's token sequences differ in length; the shorter ones are padded with -1.
                A value far outside the tokenizer's range, beyond the recorded one (FAST: see --clip) by more than its width, is an \
                error: the units are wrong, or the robot is another one.
                """
        )

        @OptionGroup var options: ArrayOptions
        @OptionGroup var group: ProcessOptions

        @Flag(
            help:
                "Clip values to the tokenizer's range and say how many were: the recorded range, for FAST at most three times that of the 1 % to 99 % quantiles if its vocabulary was too small."
        )
        var clip = false

        func run() async throws {
            if try group.isLauncher {
                return try await group.launchExamination(threads: options.compute.threads)
            }
            let processes = try group.join()
            try options.convert(to: "tokens") { tokenizer, file, out in
                let transform = tokenizer.normalization.transform
                let steps = transform?.robotSteps(ofModel: tokenizer.horizon) ?? tokenizer.horizon
                let expected = [steps, tokenizer.dimension]
                guard file.shape.count == 3, Array(file.shape.dropFirst()) == expected else {
                    throw options.refusal(
                        "expected actions of shape [n, \(expected[0]), \(expected[1])], found \(file.shape)"
                    )
                }
                var chunks = ActionChunks(
                    count: file.shape[0],
                    horizon: expected[0],
                    dimension: expected[1],
                    values: try file.floats(options.input.asFile)
                )
                if let transform {
                    chunks = transform.transformed(
                        chunks,
                        states: try options.states(chunks.count, for: tokenizer),
                        horizon: tokenizer.horizon
                    )
                }
                if clip {
                    let result = try tokenizer.clippedToRange(chunks)
                    chunks = result.chunks
                    if !Terminal.isQuiet { print("\(options.input): \(result.clipped)") }
                } else if let far = tokenizer.firstFarValue(in: chunks) {
                    try tokenizer.check(chunks)
                    throw options.refusal("\(far); check the units, or clip such values with --clip")
                }
                try tokenizer.check(chunks)
                let share = tokenizer.normalized(chunks)
                    .share(processes.place.rank, of: processes.place.size)
                let tokens = try processes.gathered(TokenizedChunks(tokenizer, share, decoding: false))
                    .flatMap(\.tokens)
                let width = tokens.map(\.count).max() ?? 0
                guard !Terminal.isQuiet else { return [tokens.count, width] }
                let padded = tokens.flatMap { $0 + Array(repeating: padding, count: width - $0.count) }
                try NumpyFile.write(padded, shape: [tokens.count, width], to: out)
                return [tokens.count, width]
            }
        }
    }

    /// `faster tokenizer decode`.
    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Decode tokens to actions in the robot's units: .npy integers [n, tokens] to float32 [n, horizon, dimension].",
            discussion: "Padding of -1 at the end of a token sequence is left out."
        )

        @OptionGroup var options: ArrayOptions

        func run() throws {
            try options.convert(to: "actions") { tokenizer, file, out in
                guard file.shape.count == 2, file.shape[1] > 0 || file.shape[0] == 0 else {
                    throw options.refusal("expected tokens of shape [n, tokens], found \(file.shape)")
                }
                let (values, width) = (try file.integers(options.input.asFile), file.shape[1])
                let tokens = (0 ..< file.shape[0]).map { row in
                    var tokens = values[row * width ..< (row + 1) * width]
                    while tokens.last == padding { tokens.removeLast() }
                    return Array(tokens)
                }
                var chunks = try tokenizer.robotUnits(for: tokens)
                if let transform = tokenizer.normalization.transform {
                    chunks = transform.restored(
                        chunks,
                        states: try options.states(chunks.count, for: tokenizer)
                    )
                }
                let shape = [chunks.count, chunks.horizon, chunks.dimension]
                try NumpyFile.write(chunks.values, shape: shape, to: out)
                return shape
            }
        }
    }
}

/// Token that fills up the shorter sequences of an array.
private let padding = -1
