import ActionTokenizers
import Backbones
import Foundation
import GoldenTensors
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import FASTerVLA

/// A checkpoint of lerobot 0.6.1, and what lerobot's own policy makes of observations: `Golden/make_pi0_fast.py`.
@Suite("LeRobot's pi0_fast")
struct PI0FASTTests {
    private struct Case: Decodable {
        var task: String
        var state: [Float]
        /// Tokens of the prompt.
        var prompt: [Int]
        /// Tokens of the answer; nil where some have no meaning.
        var words: [Int]?
        /// The chunk in the robot's units; nil where lerobot's answer has no meaning.
        var actions: [Float]?
    }

    private static let golden = Bundle.module.bundleURL.appending(path: "Golden/pi0_fast")
    private static let policy = golden.appending(path: "policy")
    private static let cameras = [("observation.images.wrist", 48, 64), ("observation.images.front", 56, 56)]

    private static var options: LeRobotPolicyFolder.Options {
        var options = LeRobotPolicyFolder.Options()
        options.textTokenizer = golden.appending(path: "text")
        options.actionTokenizer = golden.appending(path: "action")
        return options
    }

    private let cases: [Case]
    private let tensors: GoldenTensors

    init() throws {
        let file = Self.golden.appending(path: "cases.json")
        cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
        tensors = try GoldenTensors("pi0_fast/cases", in: .module)
    }

    private func observation(_ index: Int) throws -> Observation {
        let images = try Self.cameras.map { name, height, width in
            let pixels = try tensors.tensor("\(index).\(name)").values(as: UInt8.self)
            return (name, Image(width: width, height: height, pixels: pixels))
        }
        let example = cases[index]
        return Observation(
            images: Dictionary(images) { $1 },
            state: example.state,
            instruction: example.task
        )
    }

    @Test("the contract is that of the folder, cameras in its order")
    func contract() async throws {
        let policy = try await LeRobotPolicyFolder.load(
            from: Self.policy,
            options: Self.options,
            device: .cpu
        )
        #expect(LeRobotPolicyFolder.isFolder(Self.policy))
        #expect(policy.contract.cameras == Self.cameras.map { .init(name: $0, height: $1, width: $2) })
        #expect(policy.contract.stateDimension == 5 && policy.contract.horizon == 8)
        #expect(policy.contract.actionSpace.dimension == 3)
    }

    @Test("prompts, pixels, scores, tokens and actions are lerobot's")
    func parity() async throws {
        let parts = try LeRobotPolicyFolder.parts(of: Self.policy, Self.options, device: .cpu)
        let policy = PI0FASTPolicy(parts)
        #expect(cases.contains { $0.words == nil } && cases.count { $0.words != nil } > 5)
        for (index, example) in cases.enumerated() {
            let observation = try observation(index)
            #expect(try parts.input.promptTokens(observation) == example.prompt)
            let input = try parts.input(observation)
            if index == 0 {
                for ((name, _, _), pixels) in zip(Self.cameras, input.images) {
                    #expect(try tensors.difference(of: pixels, to: "0.pixels.\(name)") == nil)
                }
            }
            let (scores, answer) = withoutGradients {
                let prefix = parts.network.prefix(of: input)
                return (firstScores(parts, after: prefix), parts.decoder.answer(after: prefix))
            }
            let golden = try tensors.tensor("\(index).scores")
            #expect((scores - golden).abs().max().item < 1e-4 * golden.abs().max().item)
            let chunk = try await policy.act(on: observation).chunk
            #expect(chunk.horizon == 8 && chunk.dimension == 3 && chunk.values.allSatisfy { abs($0) < 100 })
            guard let words = example.words, let actions = example.actions else { continue }
            // lerobot reads on, but cuts what follows a whole chunk.
            #expect(answer.tokens == Array(words.prefix(answer.tokens.count)))
            #expect(answer.tokens.count == words.count || answer.text.characters.count >= 24)
            #expect(zip(chunk.values, actions).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    /// Scores of every token after the prefix, whose last token is computed again.
    private func firstScores(_ parts: PI0FASTParts, after prefix: Prefix) -> Tensor {
        var cache = KeyValueCache(prefix, roomFor: 1)
        cache.forget(1)
        let features = parts.network.decode(
            parts.network.embeddings(ofWords: Tensor([parts.input.beginning], shape: [1, 1])),
            positions: (prefix.nextPosition - 1).unsqueezed(1),
            cache: &cache,
            mask: nil
        )
        return parts.network.logits(of: features).reshaped(-1)
    }

    @Test("observations outside the contract are refused by name")
    func observations() async throws {
        let policy = try await LeRobotPolicyFolder.load(
            from: Self.policy,
            options: Self.options,
            device: .cpu
        )
        let whole = try observation(0)
        func expect(_ reason: String, _ images: [String: Image], _ state: [Float]) async {
            let observation = Observation(images: images, state: state, instruction: "")
            await #expect(throws: LeRobotObservationError(reason)) { try await policy.act(on: observation) }
        }
        let names = Self.cameras.map(\.0).joined(separator: ", ")
        let other = try whole.images.merging(["top": #require(whole.images.values.first)]) { $1 }
        await expect("unknown camera 'top', expected \(names)", other, whole.state)
        let one = whole.images.filter { $0.key == "observation.images.front" }
        await expect("no image of camera 'observation.images.wrist'", one, whole.state)
        await expect("expected a state of 5 values, found 4", whole.images, Array(whole.state.dropLast()))
        let unreadable = Observation(images: whole.images, state: whole.state, instruction: "pick <image>")
        await #expect(throws: PromptError.self) { try await policy.act(on: unreadable) }
    }

    /// One change of a file, and the sentence that refuses it.
    @Test(
        "damaged folders and options that are not supported are refused by name",
        arguments: [
            ("config.json", "\"pi0_fast\"", "\"act\"", "'type' should be pi0_fast"),
            ("config.json", "\"temperature\": 0.0", "\"temperature\": 0.5", "'temperature' should be 0"),
            ("config.json", "\"use_peft\": false", "\"use_peft\": true", "'use_peft' should be false"),
            ("config.json", "\"n_obs_steps\": 1", "\"n_obs_steps\": 2", "'n_obs_steps' should be 1, found 2"),
            ("config.json", "\"dtype\": \"float32\"", "\"dtype\": \"int8\"", "'dtype' should be"),
            ("config.json", "\"chunk_size\": 8", "\"chunk_size\": 0", "'chunk_size' should be"),
            ("config.json", "\"empty_cameras\": 1", "\"empty_cameras\": -1", "'empty_cameras' should be"),
            (
                "config.json", "\"fast_skip_tokens\": 128", "\"fast_skip_tokens\": -128",
                "'fast_skip_tokens' should be an integer from 0 to 1048576, found -128"
            ),
            (
                "config.json", "\"max_decoding_steps\": 48", "\"max_decoding_steps\": 9223372036854775807",
                "'max_decoding_steps' should be"
            ),
            (
                "config.json", "\"observation.state\": {", "\"observation.other\": {",
                "'input_features.observation.state'"
            ),
            (
                "config.json", "56,\n        56\n    ],\n    \"empty", "28,\n        28\n    ],\n    \"empty",
                "'image_resolution' should be 56"
            ),
            ("policy_preprocessor.json", "\"STATE\": \"MEAN_STD\"", "\"STATE\": \"SIGMA\"", "'SIGMA'"),
            (
                "policy_preprocessor.json", "\"VISUAL\": \"IDENTITY\"", "\"VISUAL\": \"MIN_MAX\"",
                "norm_map.VISUAL' should be IDENTITY"
            ),
            (
                "policy_preprocessor.json", "\"to_batch_processor\"", "\"crop_processor\"",
                "found 'crop_processor'"
            ),
            (
                "policy_preprocessor.json", "\"enabled\": false", "\"enabled\": true",
                "'enabled' should be true"
            ),
            (
                "policy_postprocessor.json", "\"unnormalizer_processor\"", "\"device_processor\"",
                "'unnormalizer_processor'"
            ),
        ]
    )
    func refusals(file: String, old: String, new: String, reason: String) async throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appending(path: "policy")
        try FileManager.default.copyItem(at: Self.policy, to: copy)
        let url = copy.appending(path: file)
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(old), "\(old)")
        try text.replacing(old, with: new, maxReplacements: 1).write(
            to: url,
            atomically: true,
            encoding: .utf8
        )
        let error = #expect(throws: PretrainedError.self) {
            try LeRobotPolicyFolder.parts(of: copy, Self.options, device: .cpu)
        }
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("missing files and statistics are named")
    func missing() async throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.policy.path) {
            let folder = try TemporaryFolder()
            let copy = folder.url.appending(path: "policy")
            try FileManager.default.copyItem(at: Self.policy, to: copy)
            try FileManager.default.removeItem(at: copy.appending(path: file))
            #expect { try LeRobotPolicyFolder.parts(of: copy, Self.options, device: .cpu) } throws: { error in
                "\(error)".contains(file)
            }
        }
        let folder = try TemporaryFolder()
        let copy = folder.url.appending(path: "policy")
        try FileManager.default.copyItem(at: Self.policy, to: copy)
        let file = copy.appending(path: "policy_postprocessor_step_0_unnormalizer_processor.safetensors")
        var bytes = try Data(contentsOf: file)
        let name = try #require(bytes.range(of: Data("action.std".utf8)))
        bytes.replaceSubrange(name, with: Data("action.old".utf8))
        try bytes.write(to: file)
        let error = PretrainedError(file: file.path, reason: "lacks the statistic 'action.std'")
        #expect(throws: error) { try LeRobotPolicyFolder.parts(of: copy, Self.options, device: .cpu) }
    }

    @Test("normalised values of states, as numpy.digitize bins them")
    func bins() {
        let values: [Float] = [
            -2, -1.000_000_1, -1, -0.992_187_5, -1e-20, 0, 0.999, 1, 7, .infinity, -.infinity,
        ]
        #expect(values.map(PI0FASTInput.bin) == [-1, -1, 0, 1, 127, 128, 255, 255, 255, 255, -1])
        let text = PI0FASTInput.prompt(" Open_the\nDrawer\u{1C} ", state: [-1, 0.5])
        #expect(text == "Task: Open the Drawer, State: 0 192;\n")
    }
}

@Suite("Characters in pieces")
struct CharacterStreamTests {
    @Test("bytes follow each other as UTF-8 allows")
    func validity() {
        var stream = CharacterStream()
        stream.append(Array("aé".utf8) + [0xE0])
        #expect(stream.characters == ["a", "é"] && !stream.isWhole)
        #expect(!stream.accepts([0x80]) && !stream.accepts([0x41]) && stream.accepts([0xA0]))
        stream.append([0xA0, 0x80])
        #expect(stream.characters.last == "\u{800}" && stream.isWhole)
        for bytes: [UInt8] in [
            [0x80], [0xC1], [0xED, 0xA0], [0xF0, 0x8F], [0xF4, 0x90], [0xF5], [0xC3, 0x41],
        ] {
            #expect(!stream.accepts(bytes), "\(bytes)")
        }
    }

    @Test("every character comes back")
    func roundTrip() {
        var stream = CharacterStream()
        let characters = stride(from: UInt32(0), to: 0x110000, by: 37).compactMap(Unicode.Scalar.init)
        for character in characters {
            for byte in String(character).utf8 {
                #expect(stream.accepts([byte]))
                stream.append([byte])
            }
        }
        #expect(stream.characters == characters)
    }
}
