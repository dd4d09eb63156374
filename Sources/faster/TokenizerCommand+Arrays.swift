import ActionTokenizers
import ArgumentParser
import FASTerVQ
import Foundation
import Numpy
import RobotTypes

extension TokenizerCommand {
    /// `faster tokenizer encode`.
    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Turn chunks of actions into codes: .npy float32 [n, horizon, dimension] to int64 [n, tokens]."
        )

        @OptionGroup var compute: ComputeOptions

        @Option(help: "Folder of the tokenizer.")
        var tokenizer: String

        @Option(name: .customLong("in"), help: "Actions in the robot's units.")
        var input: String

        @Option(help: "File for the codes.")
        var out: String

        func run() throws {
            let tokenizer = try FASTerVQTokenizer(loading: tokenizer.asFile, device: try compute.prepare())
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
            let codes = try tokenizer.tokens(for: tokenizer.normalized(chunks))
            try NumpyFile.write(
                codes.flatMap { $0 },
                shape: [codes.count, tokenizer.tokenCount],
                to: out.asFile
            )
            print("\(out): codes [\(codes.count), \(tokenizer.tokenCount)]")
        }
    }

    /// `faster tokenizer decode`.
    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Turn codes into chunks of actions: .npy integers [n, tokens] to float32 [n, horizon, dimension]."
        )

        @OptionGroup var compute: ComputeOptions

        @Option(help: "Folder of the tokenizer.")
        var tokenizer: String

        @Option(name: .customLong("in"), help: "Codes.")
        var input: String

        @Option(help: "File for the actions, in the robot's units.")
        var out: String

        func run() throws {
            let tokenizer = try FASTerVQTokenizer(loading: tokenizer.asFile, device: try compute.prepare())
            let file = try NumpyFile(reading: input.asFile)
            let count = tokenizer.tokenCount
            guard file.shape.count == 2, file.shape[1] == count else {
                throw NumpyError(
                    file: input,
                    reason: "expected codes of shape [n, \(count)], found \(file.shape)"
                )
            }
            let codes = try file.integers(input.asFile)
            let rows = (0 ..< file.shape[0]).map { Array(codes[$0 * count ..< ($0 + 1) * count]) }
            let chunks = tokenizer.restored(try tokenizer.chunks(for: rows))
            try NumpyFile.write(
                chunks.values,
                shape: [chunks.count, chunks.horizon, chunks.dimension],
                to: out.asFile
            )
            print("\(out): actions [\(chunks.count), \(chunks.horizon), \(chunks.dimension)]")
        }
    }
}
