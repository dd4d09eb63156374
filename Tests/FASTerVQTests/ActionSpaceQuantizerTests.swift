import GoldenTensors
import NN
import RobotTypes
import Testing
import Torch
import VectorQuantization

@testable import FASTerVQ

/// Golden/make_action_space_golden.py says how the numbers came about.
@Suite("Action-space residual stages")
struct ActionSpaceQuantizerTests {
    private let golden: GoldenTensors
    private let quantizer: ActionSpaceQuantizer
    private let robot: Embodiment
    private let decoded: [Tensor]

    init() throws {
        golden = try GoldenTensors("action_space", in: .module)
        var configuration = FASTerVQConfiguration(
            patches: [
                "position": PatchShape(steps: 2, columns: 2, maxPatches: 3, maxGroups: 2),
                "gripper": PatchShape(
                    steps: 4,
                    columns: 1,
                    maxPatches: 2,
                    maxGroups: 1,
                    bypassesAutoencoder: true
                ),
            ]
        )
        (configuration.quantizer.codebookCount, configuration.quantizer.codebookSize) = (2, 7)
        configuration.actionSpaceQuantizer.codebookCount = 2
        quantizer = ActionSpaceQuantizer(configuration, device: .cpu)
        // Types are in the order of `ActionSpace.Kind`.
        try quantizer.stages[0].entries.copyInPlace(golden.tensor("entries.position"))
        try quantizer.stages[1].entries.copyInPlace(golden.tensor("entries.gripper"))
        decoded = try [golden.tensor("decoded.0"), golden.tensor("decoded.1")]
        let none = [Float](repeating: 0, count: 4)
        let statistics = FeatureStatistics(
            mean: none,
            std: none,
            q01: none,
            q99: none,
            min: try golden.tensor("lower").floats,
            max: try golden.tensor("upper").floats
        )
        robot = Embodiment(
            patchifier: try ActionPatchifier(
                space: ActionSpace(parsing: "position=0:3,gripper=3"),
                horizon: 5,
                shapes: configuration.patches
            ),
            normalization: Normalization(method: .identity, statistics: statistics),
            device: .cpu
        )
    }

    @Test("give the codes of PyTorch")
    func codes() throws {
        let steps = [5, 3, 1, 5, 4, 2, 5, 5].flatMap { valid in (0 ..< 5).map { Float($0 < valid ? 1 : 0) } }
        let codes = try quantizer.codes(
            for: golden.tensor("actions"),
            from: decoded,
            stepMask: Tensor(steps, shape: [8, 5]),
            of: robot
        )
        #expect(codes.map(\.shape) == [[8, 3, 2], [8, 3, 2], [8, 2, 4]])
        for group in 0 ..< 3 {
            #expect(codes[group].integers == (try golden.tensor("codes.\(group)")).integers, "group \(group)")
        }
    }

    @Test("give the actions of PyTorch to 1e-5, from all codebooks and from the first three")
    func actions() throws {
        let codes = try (0 ..< 3).map { try golden.tensor("codes.\($0)") }
        let all = quantizer.actions(for: codes, from: decoded, of: robot)
        #expect(try golden.difference(of: all, to: "actions.all") == nil)
        // Of three codebooks, two are of latents; the gripper, which bypasses the autoencoder, has all as stages.
        let three = zip(codes, [1, 1, 3]).map { $0.narrowed(2, from: 0, count: $1) }
        let first = quantizer.actions(for: three, from: decoded, of: robot)
        #expect(try golden.difference(of: first, to: "actions.first") == nil)
    }

    @Test("are fitted so that every stage lowers the error, and entry 0 is zero")
    func fitting() throws {
        let space = try ActionSpace(parsing: "position=0:3,gripper=3")
        let shapes = PatchShape.fitting(space, horizon: 16)
        let model = try Samples.model(shapes, space, horizon: 16) {
            $0.actionSpaceQuantizer.codebookCount = 3
        }
        for stages in model.actionSpaceQuantizer.stages {
            #expect(stages.entries.select(1, 0).abs().max().item == 0)
        }
        let robot = try Samples.embodiment(space, model, horizon: 16)
        let actions = Tensor.randn([64, 16, 4])
        let codes = withoutGradients { model.encode(actions, of: robot) }
        let errors = (1 ... 5).map { codebooks in
            let prefix = codes.narrowed(1, from: 0, count: codebooks * robot.patchifier.latentPositionCount)
            return withoutGradients {
                (model.decode(prefix, of: robot) - actions).squared().mean().item
            }
        }
        #expect(zip(errors, errors.dropFirst()).allSatisfy { $1 < $0 })
    }

    @Test("keep every value within the recorded range, after any codes")
    func range() throws {
        let tokenizer = try Samples.tokenizer { $0.actionSpaceQuantizer.codebookCount = 2 }
        for stages in tokenizer.model.actionSpaceQuantizer.stages { stages.entries.multiplyInPlace(100) }
        let model = tokenizer.model
        let codes = Tensor.randint(0 ..< 32, [30, tokenizer.tokenCount])
        let actions = withoutGradients { model.decode(codes, of: tokenizer.embodiment) }
        #expect(actions.min().item >= -2.5 && actions.max().item <= 2.5)
        #expect(tokenizer.normalization.clipped(actions.floats) == actions.floats)
    }
}
