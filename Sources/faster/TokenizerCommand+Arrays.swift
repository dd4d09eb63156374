import ActionTokenizers
import ArgumentParser
import Foundation
import Numpy
import RobotTypes

extension TokenizerCommand {
    /// `faster tokenizer encode`.
    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Turn chunks of actions into codes: .npy float32 [n, horizon, dimension] to int64 [n, tokens].",
            discussion:
                "FAST's lists of tokens differ in length; the shorter ones end in -1."
        )

        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of the tokenizer; FOLDER:codebooks=2 means its first two codebooks."
        )
        var tokenizer: String

        @Option(name: .customLong("in"), help: "Actions in the robot's units.")
        var input: String

        @Option(help: "File for the codes.")
        var out: String

        func run() throws {
            let tokenizer = try TokenizerOpening(withoutData: try compute.prepare()).tokenizer(tokenizer)
            let file = try NumpyFile(reading: input.asFile)
            let expected = [tokenizer.horizon, tokenizer.dimension]
            guard file.shape.count == 3, Array(file.shape.dropFirst()) == expected else {
                throw NumpyError(
                    file: input,
                    reason:
                        "expected actions of shape [n, \(expected[0]), \(expected[1])], found \(file.shape)"
                )
            }
            let chunks = ActionChunks(
                count: file.shape[0],
                horizon: expected[0],
                dimension: expected[1],
                values: try file.floats(input.asFile)
            )
            let codes = try blaming(input) { try tokenizer.tokens(forRobotUnits: chunks) }
            let width = codes.map(\.count).max() ?? 0
            try NumpyFile.write(
                codes.flatMap { $0 + Array(repeating: padding, count: width - $0.count) },
                shape: [codes.count, width],
                to: out.asFile
            )
            print("\(out): codes [\(codes.count), \(width)]")
        }
    }

    /// `faster tokenizer decode`.
    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Turn codes into chunks of actions: .npy integers [n, tokens] to float32 [n, horizon, dimension].",
            discussion: "-1 at the end of a list of tokens is left out."
        )

        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of the tokenizer; FOLDER:codebooks=2 means its first two codebooks."
        )
        var tokenizer: String

        @Option(name: .customLong("in"), help: "Codes.")
        var input: String

        @Option(help: "File for the actions, in the robot's units.")
        var out: String

        func run() throws {
            let tokenizer = try TokenizerOpening(withoutData: try compute.prepare()).tokenizer(tokenizer)
            let file = try NumpyFile(reading: input.asFile)
            guard file.shape.count == 2, file.shape[1] > 0 || file.shape[0] == 0 else {
                throw NumpyError(
                    file: input,
                    reason: "expected codes of shape [n, tokens], found \(file.shape)"
                )
            }
            let (codes, width) = (try file.integers(input.asFile), file.shape[1])
            let rows = (0 ..< file.shape[0]).map { row in
                var tokens = codes[row * width ..< (row + 1) * width]
                while tokens.last == padding { tokens.removeLast() }
                return Array(tokens)
            }
            let chunks = try blaming(input) { try tokenizer.robotUnits(for: rows) }
            try NumpyFile.write(
                chunks.values,
                shape: [chunks.count, chunks.horizon, chunks.dimension],
                to: out.asFile
            )
            print("\(out): actions [\(chunks.count), \(chunks.horizon), \(chunks.dimension)]")
        }
    }
}

/// Fills up the shorter lists of tokens in an array.
private let padding = -1

/// Names `file` in what a tokenizer says about its content.
private func blaming<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ActionTokenizerError {
        throw NumpyError(file: file, reason: error.description)
    }
}
