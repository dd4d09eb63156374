import ActionTokenizers
import ArgumentParser
import FASTerVQ
import Foundation
import Numpy
import RobotTypes
import Torch

/// Encodes a chunk of actions with FASTerVQ, and decodes it.
@main
struct TokenizeActions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "TokenizeActions",
        abstract: "Encode a chunk of actions with a FASTerVQ tokenizer, and decode it."
    )

    @Option(help: "Folder of the tokenizer.")
    var tokenizer = "Models/fastervla-metaworld/tokenizer"

    @Option(
        help: ArgumentHelp(
            "NumPy file of actions in the robot's units, float [horizon, dimension]; a smooth made-up chunk without it.",
            valueName: "file"
        )
    )
    var actions: String?

    func run() throws {
        let tokenizer = try FASTerVQTokenizer(loading: URL(filePath: tokenizer), device: .cpu)
        let chunks = try actions.map { try read(URL(filePath: $0)) } ?? smoothChunk(for: tokenizer)
        let tokens = try tokenizer.tokens(forRobotUnits: chunks)
        let decoded = try tokenizer.robotUnits(for: tokens)

        print("chunk [\(chunks.horizon), \(chunks.dimension)]")
        for (chunk, codes) in tokens.enumerated() {
            print("tokens \(codes.count), \(tokenizer.bits(of: codes)) bits")
            for codebook in 0 ..< tokenizer.codebookCount {
                let positions = tokenizer.latentPositionCount
                print("codebook \(codebook): \(codes[codebook * positions ..< (codebook + 1) * positions])")
            }
            let (before, after) = (chunks[chunk].values, decoded[chunk].values)
            let normalization = tokenizer.normalization
            let error = meanDistance(before, after)
            let normalized = meanDistance(normalization.normalized(before), normalization.normalized(after))
            print("L1 \(error) in the robot's units, \(normalized) normalised")
        }
    }

    private func read(_ file: URL) throws -> ActionChunks {
        let array = try NumpyFile(reading: file)
        let values = try array.floats(file)
        guard array.shape.count == 2, !values.isEmpty else {
            throw ValidationError("\(file.path): expected [horizon, dimension], found \(array.shape)")
        }
        return ActionChunks(count: 1, horizon: array.shape[0], dimension: array.shape[1], values: values)
    }

    /// A sine wave in every column, within the range that the tokenizer was trained on.
    private func smoothChunk(for tokenizer: FASTerVQTokenizer) -> ActionChunks {
        let wave = (0 ..< tokenizer.horizon).flatMap { step -> [Float] in
            (0 ..< tokenizer.dimension).map { column -> Float in
                let time = Float(step) / Float(tokenizer.horizon)
                return 0.5 * sin(Float.pi * time + Float(column))
            }
        }
        return ActionChunks(
            count: 1,
            horizon: tokenizer.horizon,
            dimension: tokenizer.dimension,
            values: tokenizer.normalization.restored(wave)
        )
    }

    private func meanDistance(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(left.count)
    }
}
