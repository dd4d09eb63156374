import ActionTokenizers
import FASTerVQ
import Foundation
import NN
import RobotTypes
import Torch

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

    /// Chunks to codes, and codes to actions, one at a time and a batch at once.
    func comparisons() throws -> [Comparison] {
        try [encoding(), decoding(), encodingBatch(), decodingBatch()]
    }

    /// Products of one chunk's codes, and of its actions.
    private func work() throws -> (encoding: ProductCount, decoding: ProductCount) {
        // Without kernels: their products are not counted.
        let plain = try FASTerVQTokenizer(loading: sample.folder, device: .cpu, codec: nil)
        let codes = try sample.tokenizer.tokens(for: sample.chunks[0 ..< 1])
        return (
            try countingProducts { try plain.tokens(for: sample.chunks[0 ..< 1]) }.1,
            try countingProducts { try plain.chunks(for: codes) }.1
        )
    }

    private func peer(_ name: String, _ call: String, _ work: ProductCount) -> Contestant {
        Contestant(name, work: work) { try torch.turn(call, least: effort.seconds) }
    }

    private func encoding() throws -> Comparison {
        let each = sample.chunks
        let work = try work().encoding
        var next = 0
        return try Comparison(
            "One chunk to codes",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds, work: work) {
                    next = (next + 1) % each.count
                    _ = try sample.tokenizer.tokens(for: each[next ..< next + 1])
                },
                peer("PyTorch, eager", "encode", work),
                peer("PyTorch, torch.compile", "encode-compiled", work),
            ]
        ).ratio(0, to: 1).ratio(0, to: 2)
    }

    private func decoding() throws -> Comparison {
        let processor = try Peer("fast.py", in: .peers, threads: effort.threads, [sample.examples.path])
        let fast = try FASTTokenizer(
            fitting: sample.allChunks,
            normalization: sample.tokenizer.normalization
        )
        let work = try work().decoding
        func decoding(_ name: String, _ tokenizer: any ActionTokenizer, _ work: ProductCount?) throws
            -> Contestant
        {
            let tokens = try tokenizer.tokens(for: sample.chunks)
            var next = 0
            return Contestant(name, least: effort.seconds, work: work) {
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
                decoding("FASTer", sample.tokenizer, work),
                peer("PyTorch, eager", "decode", work),
                peer("PyTorch, torch.compile", "decode-compiled", work),
                Contestant("FAST's public processor") { try processor.turn("decode", least: effort.seconds) },
                decoding("FAST in FASTer", fast, nil),
            ]
        ).ratio(0, to: 1).ratio(0, to: 2).ratio(0, to: 3, target: "at most 2").ratio(4, to: 3)
    }

    private func encodingBatch() throws -> Comparison {
        let work = try work().encoding.times(sample.chunks.count)
        return try Comparison(
            "\(sample.chunks.count) chunks at once to codes",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds, work: work) {
                    _ = try sample.tokenizer.tokens(for: sample.chunks)
                },
                peer("PyTorch, eager", "encode-batch", work),
                peer("PyTorch, torch.compile", "encode-batch-compiled", work),
            ]
        ).ratio(0, to: 1, target: "at most 0.7").ratio(0, to: 2, target: "at most 1.0")
    }

    private func decodingBatch() throws -> Comparison {
        let work = try work().decoding.times(sample.chunks.count)
        let codes = try sample.tokenizer.tokens(for: sample.chunks)
        return try Comparison(
            "\(sample.chunks.count) chunks' codes at once to actions",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer", least: effort.seconds, work: work) {
                    _ = try sample.tokenizer.chunks(for: codes)
                },
                peer("PyTorch, eager", "decode-batch", work),
                peer("PyTorch, torch.compile", "decode-batch-compiled", work),
            ]
        ).ratio(0, to: 1, target: "at most 0.7").ratio(0, to: 2, target: "at most 1.0")
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
                    Contestant("PyTorch, eager") { try torch.turn("train", least: effort.seconds) },
                ]
            ).ratio(0, to: 1, target: "at least 1.0")
        ]
    }
}

extension ProductCount {
    /// The count of as many.
    func times(_ count: Int) -> ProductCount {
        var product = self
        product.flops *= count
        product.bytes *= count
        return product
    }
}
