import ActionTokenizers
import FASTerVQ
import Foundation
import NN
import RobotTypes

/// FASTerVQ at batch 1 and in training, beside the same network in PyTorch; and beside FAST's public processor.
struct Tokenizing {
    private let effort: Effort
    private let sample: SampleTokenizer
    private let torch: Peer

    init(_ effort: Effort) throws {
        self.effort = effort
        sample = try SampleTokenizer()
        torch = try Peer(
            "fastervq.py",
            in: .peers,
            threads: effort.threads,
            [sample.folder.path, sample.examples.path, String(effort.threads)]
        )
    }

    private var notes: [String] {
        let (chunks, tokenizer) = (sample.chunks, sample.tokenizer)
        return [
            "Chunks of \(chunks.horizon) x \(chunks.dimension) actions, \(tokenizer.tokenCount) codes, "
                + "\(tokenizer.model.parameterCount) parameters, float32; PyTorch: \(torch.greeting)."
        ]
    }

    /// One chunk to codes, and one chunk's codes to actions.
    func comparisons() throws -> [Comparison] { try [encoding(), decoding()] }

    private func encoding() throws -> Comparison {
        let each = sample.chunks
        var next = 0
        return try Comparison(
            "One chunk to codes",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds) {
                    next = (next + 1) % each.count
                    _ = try sample.tokenizer.tokens(for: each[next ..< next + 1])
                },
                Contestant("PyTorch") { try torch.seconds("encode", least: effort.seconds) },
            ]
        ).ratio(0, to: 1)
    }

    private func decoding() throws -> Comparison {
        let processor = try Peer("fast.py", in: .peers, threads: effort.threads, [sample.examples.path])
        let fast = try FASTTokenizer(
            fitting: sample.allChunks,
            normalization: sample.tokenizer.normalization
        )
        func decoding(_ name: String, _ tokenizer: any ActionTokenizer) throws -> Contestant {
            let tokens = try tokenizer.tokens(for: sample.chunks)
            var next = 0
            return Contestant(name, least: effort.seconds) {
                next = (next + 1) % tokens.count
                _ = try tokenizer.chunks(for: [tokens[next]])
            }
        }
        return try Comparison(
            "One chunk's codes to actions",
            notes: notes + [
                "FAST's public processor, without what transformers adds: \(processor.greeting)."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                decoding("FASTer", sample.tokenizer),
                Contestant("PyTorch") { try torch.seconds("decode", least: effort.seconds) },
                Contestant("FAST's public processor") {
                    try processor.seconds("decode", least: effort.seconds)
                },
                decoding("FAST in FASTer", fast),
            ]
        ).ratio(0, to: 1).ratio(0, to: 2).ratio(3, to: 2)
    }

    /// Training steps.
    func trainingComparisons() throws -> [Comparison] {
        let step = try TrainingStep(sample)
        return [
            try Comparison(
                "Training steps of \(sample.chunks.count) chunks",
                notes: notes,
                unit: .rate(of: "steps"),
                rounds: effort.rounds,
                [
                    Contestant("FASTer", least: effort.seconds) { step() },
                    Contestant("PyTorch") { try torch.seconds("train", least: effort.seconds) },
                ]
            ).ratio(0, to: 1, target: "at least 1.0")
        ]
    }
}
