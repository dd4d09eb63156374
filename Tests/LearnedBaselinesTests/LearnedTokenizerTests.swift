import ActionTokenizers
import Foundation
import LearnedBaselines
import NN
import RobotTypes
import Support
import TemporaryFolder
import Testing
import Torch

/// Expectations of every learned baseline; a type for each, because networks differ in type.
struct Promises<Network: ChunkAutoencoder> {
    let configuration: Network.Configuration
    let tokenCount: Int
    let codebookSizes: [Int]

    func keepShapes() throws {
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        let chunks = ActionChunks.walks(7)
        let tokens = try tokenizer.tokens(for: chunks)
        #expect(tokens.map(\.count) == Array(repeating: tokenCount, count: 7))
        #expect(tokenizer.codebookSizes == codebookSizes)
        let back = try tokenizer.chunks(for: tokens)
        #expect(back.count == 7 && back.horizon == chunkSteps && back.dimension == chunkColumns)
        #expect(try tokenizer.chunks(for: []).count == 0)
        let metrics = try TokenizerEvaluation(tokenizer, on: chunks, timedCalls: 2).metrics
        #expect(metrics.tokenizer == Network.tokenizerName)
        #expect(metrics.l1.isFinite)
    }

    func decodeAnything() throws {
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        var random = SeededRandom(seed: 1)
        let codes = (0 ..< 100).map { _ in
            (0 ..< tokenCount).map {
                Int.random(in: 0 ..< codebookSizes[tokenizer.codebook(ofToken: $0)], using: &random)
            }
        }
        #expect(try tokenizer.chunks(for: codes).values.allSatisfy(\.isFinite))
        let size = codebookSizes[0]
        for wrong in [size, -1] {
            #expect(
                throws: ActionTokenizerError("chunk 1: token 0: expected 0 ..< \(size), found \(wrong)")
            ) {
                try tokenizer.chunks(for: [codes[0], [wrong] + codes[0].dropFirst()])
            }
        }
        #expect(throws: ActionTokenizerError.self) { try tokenizer.chunks(for: [codes[0] + [0]]) }
        #expect(throws: ActionTokenizerError.self) { try tokenizer.chunks(for: [[]]) }
    }

    func nameWhatIsNotFinite() {
        var chunks = ActionChunks.walks(2)
        chunks.values[chunkSteps * chunkColumns + 2 * chunkColumns + 1] = .nan
        #expect(throws: ActionTokenizerError("chunk 1, step 2, column 1: nan is not finite")) {
            try tokenizer(configuration as Network.Configuration, of: Network.self).tokens(for: chunks)
        }
    }

    func ignorePadding() throws {
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        let first = ActionChunks.walks(4, valid: [chunkSteps, 5, 1, 7])
        var second = first
        for chunk in 0 ..< 4 {
            let start = chunk * chunkSteps * chunkColumns
            for index in first.validSteps[chunk] * chunkColumns ..< chunkSteps * chunkColumns {
                second.values[start + index] = 99
            }
        }

        // What a step outside the mask is compared with does not change the loss.
        let mask = Tensor(
            first.validSteps.flatMap { valid in (0 ..< chunkSteps).map { Float($0 < valid ? 1 : 0) } },
            shape: [4, chunkSteps]
        )
        func l1(_ target: ActionChunks) -> Double {
            Torch.seed(2)
            let held = first.tensor
            let found = tokenizer.network.reconstruction(of: held, quantizing: false).actions
            return ((found - target.tensor) * mask.unsqueezed(2)).abs().sum().item
                / (mask.sum().item * Double(chunkColumns))
        }
        Torch.seed(2)
        let loss = tokenizer.network.loss(
            first.tensor,
            stepMask: mask,
            quantizing: false,
            commitment: 1
        )
        #expect(abs(loss.l1.item - l1(second)) < 1e-6)
    }

    func comeBack() throws {
        let folder = try TemporaryFolder()
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        try tokenizer.save(to: folder.url)
        #expect(try TokenizerFolder.tokenizerName(in: folder.url) == Network.tokenizerName)
        let loaded = try LearnedTokenizer<Network>(loading: folder.url, device: .cpu)
        let chunks = ActionChunks.walks(20)
        let tokens = try tokenizer.tokens(for: chunks)
        #expect(loaded.network.configuration == configuration)
        #expect(loaded.normalization == tokenizer.normalization)
        #expect(try loaded.tokens(for: chunks) == tokens)
        #expect(try loaded.chunks(for: tokens) == tokenizer.chunks(for: tokens))
    }

    func refuseDamage(_ from: String, _ to: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        try tokenizer.save(to: folder.url)
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(from))
        try text.replacing(from, with: to).write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: (any Error).self) {
            try LearnedTokenizer<Network>(loading: folder.url, device: .cpu)
        }
        #expect(error.map { "\($0)".contains(expected) } == true, "\(from): \(String(describing: error))")
    }

    func learn() throws {
        let tokenizer: LearnedTokenizer<Network> = tokenizer(configuration)
        let actions = ActionChunks.walks(64).tensor
        let mask = Tensor.ones([64, chunkSteps])
        var settings = AdamW.Configuration()
        settings.learningRate = 3e-3
        let optimizer = AdamW(tokenizer.network.parameters, configuration: settings)
        var losses: [Double] = []
        for _ in 0 ..< 80 {
            let loss = tokenizer.network.loss(actions, stepMask: mask, quantizing: true, commitment: 0.25)
            losses.append(loss.l1.item)
            loss.total.backward()
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        let last = losses.suffix(8).reduce(0, +) / 8
        #expect(last < 0.8 * losses[0], "\(losses[0]) to \(last)")
    }
}

/// `tokenizer(_:)` for a network that nothing else names.
private func tokenizer<Network: ChunkAutoencoder>(
    _ configuration: Network.Configuration,
    of network: Network.Type
) -> LearnedTokenizer<Network> {
    tokenizer(configuration)
}

@Suite("Learned baselines", .serialized)
struct LearnedTokenizerTests {
    private let bet = Promises<VQBeTNetwork>(
        configuration: .small,
        tokenCount: 3,
        codebookSizes: [16, 16, 16]
    )
    private let vla = Promises<VQVLANetwork>(configuration: .small, tokenCount: 2, codebookSizes: [16, 16])
    private let oat = Promises<OATNetwork>(configuration: .small, tokenCount: 4, codebookSizes: [36])

    @Test("give every chunk a fixed number of codes, and every list of codes a chunk")
    func shapes() throws {
        try bet.keepShapes()
        try vla.keepShapes()
        try oat.keepShapes()
    }

    @Test("decode any codes in range to finite actions, and refuse all others")
    func anyCodes() throws {
        try bet.decodeAnything()
        try vla.decodeAnything()
        try oat.decodeAnything()
    }

    @Test("name the value that is not finite")
    func notFinite() {
        bet.nameWhatIsNotFinite()
        vla.nameWhatIsNotFinite()
        oat.nameWhatIsNotFinite()
    }

    @Test("are not influenced by padding")
    func padding() throws {
        try bet.ignorePadding()
        try vla.ignorePadding()
        try oat.ignorePadding()
    }

    @Test("come back from their folders as they were")
    func folders() throws {
        try bet.comeBack()
        try vla.comeBack()
        try oat.comeBack()
    }

    @Test("refuse folders that contradict themselves, and say where")
    func damaged() throws {
        try bet.refuseDamage(
            "\"horizon\" : 10",
            "\"horizon\" : 0",
            "'horizon' should be in 1 ... 4096, found 0"
        )
        try bet.refuseDamage("\"horizon\" : 10", "\"horizon\" : 11", "expected F32")
        try bet.refuseDamage(
            "\"layerCount\" : 2",
            "\"layerCount\" : 0",
            "'configuration.layerCount' should be in 1 ... 65536"
        )
        try bet.refuseDamage(
            "\"dimension\" : 3",
            "\"dimension\" : 4",
            "'mean' should be a list of 4 columns, found 3"
        )
        try bet.refuseDamage("\"vq-bet\"", "\"oat\"", "tokenizer: expected 'vq-bet', found 'oat'")
        try vla.refuseDamage(
            "\"codebookSize\" : 16",
            "\"codebookSize\" : -1",
            "'configuration.quantizer.codebookSize' should"
        )
        try oat.refuseDamage(
            "\"headCount\" : 2",
            "\"headCount\" : 3",
            "'configuration.width' should be a multiple of 3"
        )
        try oat.refuseDamage("\"registerCount\" : 4", "\"registerCount\" : 5", "expected F32")
    }

    @Test("learn to reconstruct")
    func learning() throws {
        try bet.learn()
        try vla.learn()
        try oat.learn()
    }
}
