import ActionTokenizers
import CPUInference
import FASTerVQ
import Foundation
import NN
import RobotTypes
import Support
import TokenizerRegistry
import Torch
import Training

/// FASTerVQ with a linear encoder at batch 1, beside the same model in PyTorch; and beside FAST's public processor.
struct LinearTokenizing {
    private static let chunkCount = 256

    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// One chunk to codes, and one chunk's codes to actions, of an arm and of a body with two arms and hands.
    func comparisons() throws -> [Comparison] {
        try [Recorded.arm(), Recorded.body()].flatMap { recorded in
            let folder = FileManager.default.temporaryDirectory.appending(
                path: "benchmarks-\(UUID().uuidString)"
            )
            defer { try? FileManager.default.removeItem(at: folder) }
            return try comparisons(recorded, folder)
        }
    }

    private func comparisons(_ recorded: Recorded, _ folder: URL) throws -> [Comparison] {
        let tokenizer = try LinearFASTerVQTokenizer(
            fitting: recorded.chunks,
            of: recorded.space,
            normalization: recorded.normalization,
            codec: PackedLinearChunkCodec.self
        )
        try tokenizer.save(to: folder)
        let whole = recorded.chunks.validSteps.indices.filter {
            recorded.chunks.validSteps[$0] == recorded.chunks.horizon
        }
        let chunks = (0 ..< Self.chunkCount).map { (index: Int) -> ActionChunks in
            let chunk = whole[index * whole.count / Self.chunkCount]
            return recorded.chunks[chunk ..< chunk + 1]
        }
        let examples = folder.appending(path: "examples.safetensors")
        try write(tokenizer, chunks, of: recorded.chunks, to: examples)
        let torch = try Peer(
            "linear_fastervq.py",
            in: .peers,
            threads: effort.threads,
            [folder.path, examples.path, String(effort.threads)]
        )
        let counts = tokenizer.model.configuration.componentCounts
        let notes = [
            "Chunks of \(recorded.chunks.horizon) x \(recorded.chunks.dimension) actions; \(counts.count) latent positions of "
                + "\(counts.reduce(0, +)) components in all, \(tokenizer.decodableCodebooks.upperBound) codebooks of "
                + "\(tokenizer.model.configuration.codebookSize) entries; PyTorch: \(torch.greeting)."
        ]
        return [
            try encoding(recorded.name, notes, tokenizer, chunks, torch),
            try decoding(recorded, notes, tokenizer, chunks, torch, examples),
            try encodingMany(recorded.name, tokenizer, chunks),
        ]
    }

    private func write(
        _ tokenizer: LinearFASTerVQTokenizer,
        _ chunks: [ActionChunks],
        of all: ActionChunks,
        to file: URL
    ) throws {
        let shape = [chunks.count, all.horizon, all.dimension]
        let codes = try chunks.flatMap(tokenizer.tokens)
        let decoded = try tokenizer.unclippedChunks(for: codes)
        try Checkpoint.save(
            [
                NamedTensor(name: "actions", tensor: Tensor(chunks.flatMap(\.values), shape: shape)),
                NamedTensor(name: "all", tensor: all.actions(on: .cpu)),
                NamedTensor(
                    name: "codes",
                    tensor: Tensor(codes.flatMap(\.self), shape: [codes.count, codes[0].count])
                ),
                NamedTensor(name: "reconstructions", tensor: Tensor(decoded.values, shape: shape)),
            ],
            to: file
        )
    }

    private func encoding(
        _ name: String,
        _ notes: [String],
        _ tokenizer: LinearFASTerVQTokenizer,
        _ chunks: [ActionChunks],
        _ torch: Peer
    ) throws -> Comparison {
        var next = 0
        return try Comparison(
            "\(name): one chunk to codes",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds) {
                    next = (next + 1) % chunks.count
                    _ = try tokenizer.tokens(for: chunks[next])
                },
                Contestant("PyTorch") { try torch.seconds("encode", least: effort.seconds) },
                Contestant("PyTorch, all positions at once") {
                    try torch.seconds("encode-at-once", least: effort.seconds)
                },
            ]
        ).ratio(0, to: 1, target: "at most 0.1").ratio(0, to: 2)
    }

    /// All chunks at once, where libtorch's operators have enough to do.
    private func encodingMany(
        _ name: String,
        _ tokenizer: LinearFASTerVQTokenizer,
        _ chunks: [ActionChunks]
    ) throws -> Comparison {
        let all = ActionChunks(
            count: chunks.count,
            horizon: tokenizer.horizon,
            dimension: tokenizer.dimension,
            values: chunks.flatMap(\.values)
        )
        let plain = LinearFASTerVQTokenizer(
            tokenizer.model,
            horizon: tokenizer.horizon,
            normalization: tokenizer.normalization,
            device: .cpu
        )
        func contestant(_ name: String, _ tokenizer: LinearFASTerVQTokenizer) -> Contestant {
            Contestant(name, items: chunks.count, least: effort.seconds) {
                _ = try tokenizer.tokens(for: all)
            }
        }
        return try Comparison(
            "\(name): \(chunks.count) chunks to codes",
            unit: .rate(of: "chunks"),
            rounds: effort.rounds,
            [contestant("FASTer", tokenizer), contestant("FASTer on libtorch's operators", plain)]
        ).ratio(0, to: 1)
    }

    private func decoding(
        _ recorded: Recorded,
        _ notes: [String],
        _ tokenizer: LinearFASTerVQTokenizer,
        _ chunks: [ActionChunks],
        _ torch: Peer,
        _ examples: URL
    ) throws -> Comparison {
        let processor = try Peer("fast.py", in: .peers, threads: effort.threads, [examples.path])
        let tokens = try chunks.flatMap(tokenizer.tokens)
        var next = 0
        return try Comparison(
            "\(recorded.name): one chunk's codes to actions",
            notes: notes + [
                "FAST's public processor, without what transformers adds: \(processor.greeting)."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds) {
                    next = (next + 1) % tokens.count
                    _ = try tokenizer.chunks(for: [tokens[next]])
                },
                Contestant("PyTorch") { try torch.seconds("decode", least: effort.seconds) },
                Contestant("PyTorch, all positions at once") {
                    try torch.seconds("decode-at-once", least: effort.seconds)
                },
                Contestant("FAST's public processor") {
                    try processor.seconds("decode", least: effort.seconds)
                },
            ]
        ).ratio(0, to: 1, target: "at most 0.1").ratio(0, to: 2).ratio(0, to: 3, target: "at most 2")
    }
}

/// Recorded chunks of a robot.
private struct Recorded {
    let name: String
    let space: ActionSpace
    let normalization: Normalization

    /// Normalised chunks.
    let chunks: ActionChunks

    private static let horizon = 16

    /// The quickstart's demonstrations.
    static func arm() throws -> Recorded {
        let actions = try Demonstrations(
            opening: Peer.packageRoot.appending(path: "Examples/metaworld-mini")
        ).robotActions(episodes: nil)
        return Recorded(
            name: "MetaWorld",
            space: actions.actionSpace,
            normalization: try actions.normalization(horizon: horizon),
            chunks: try actions.normalizedChunks(horizon: horizon)
        )
    }

    /// Smooth made-up motion of 26 joints, which eight waves of every episode move together.
    static func body() throws -> Recorded {
        var random = SeededRandom(seed: 1)
        let (columns, waves, steps) = (26, 8, 60)
        func numbers(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
            (0 ..< count).map { _ in Float.random(in: range, using: &random) }
        }
        let gains = numbers(columns * waves, -0.4 ... 0.4)
        var values: [Float] = []
        for _ in 0 ..< 40 {
            let (rates, phases) = (numbers(waves, 0.02 ... 0.3), numbers(waves, 0 ... 6))
            for start in 0 ..< steps - horizon {
                for step in start ..< start + horizon {
                    let wave = (0 ..< waves).map { sin(rates[$0] * Float(step) + phases[$0]) }
                    values += (0 ..< columns).map { column in
                        (0 ..< waves).reduce(0) { $0 + gains[column * waves + $1] * wave[$1] }
                    }
                }
            }
        }
        let ones = [Float](repeating: 1, count: columns)
        let (least, largest) = (ones.map { _ in values.min() ?? -1 }, ones.map { _ in values.max() ?? 1 })
        return Recorded(
            name: "26 joints",
            space: try ActionSpace(parsing: "left_arm=0:7,right_arm=7:14,left_hand=14:20,right_hand=20:26"),
            normalization: Normalization(
                method: .quantiles,
                statistics: FeatureStatistics(
                    mean: ones.map { _ in 0 },
                    std: ones,
                    q01: ones.map { -$0 },
                    q99: ones,
                    min: least,
                    max: largest
                )
            ),
            chunks: ActionChunks(
                count: values.count / horizon / columns,
                horizon: horizon,
                dimension: columns,
                values: values
            )
        )
    }
}
