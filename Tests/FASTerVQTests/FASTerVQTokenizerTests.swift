import ActionTokenizers
import FASTerVQ
import Foundation
import NN
import Quantizers
import RobotTypes
import Testing
import Torch

@Suite("FASTerVQ tokenizer")
struct FASTerVQTokenizerTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vq-\(UUID().uuidString)")

    private func normalization(_ width: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: width)
        let statistics = FeatureStatistics(
            mean: ones,
            std: ones,
            q01: ones.map { -$0 },
            q99: ones.map { 3 * $0 },
            min: ones.map { -4 * $0 },
            max: ones.map { 6 * $0 }
        )
        return Normalization(method: .quantiles, statistics: statistics)
    }

    /// A model with few and narrow layers, whose codebooks come from random chunks of `space`.
    private func model(
        _ patches: [String: PatchShape],
        _ space: ActionSpace,
        horizon: Int,
        codebookSize: Int = 32
    ) throws -> FASTerVQModel {
        Torch.seed(6)
        var configuration = FASTerVQConfiguration(patches: patches)
        configuration.quantizer.codebookSize = codebookSize
        configuration.autoencoder.width = 32
        let model = FASTerVQModel(configuration, device: .cpu)
        let embodiment = Embodiment(
            patchifier: try model.makePatchifier(space, horizon: horizon),
            normalization: normalization(space.dimension),
            device: .cpu
        )
        let actions = Tensor.randn([64, horizon, space.dimension])
        model.network.initializeCodebooks(from: [(embodiment, actions)])
        model.network.fitRefinement(
            configuration.refinement,
            to: [
                RefinementExamples(embodiment: embodiment, actions: actions, stepMask: .ones([64, horizon]))
            ]
        )
        return model
    }

    private func tokenizer(
        _ groups: String = "position=0:3,rotation=3:6,gripper=6",
        codebookSize: Int = 32
    ) throws -> FASTerVQTokenizer {
        let space = try ActionSpace(parsing: groups)
        let shapes = PatchShape.fitting(space, horizon: 20)
        let model = try model(shapes, space, horizon: 20, codebookSize: codebookSize)
        return try model.tokenizer(for: space, horizon: 20, normalization: normalization(space.dimension))
    }

    private func chunks(_ count: Int, valid: [Int]? = nil) -> ActionChunks {
        ActionChunks(
            count: count,
            horizon: 20,
            dimension: 7,
            values: Tensor.randn([count, 20, 7]).floats,
            validSteps: valid
        )
    }

    @Test("has seven places for one arm, as the paper")
    func places() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.placeCount == 7)
        #expect(tokenizer.tokenCount == 21)
        #expect(try tokenizer.tokens(for: chunks(3)).map(\.count) == [21, 21, 21])
    }

    @Test("decodes any codes in range to finite actions, and refuses all others")
    func anyCodes() throws {
        let tokenizer = try tokenizer()
        var random = SystemRandomNumberGenerator()
        let codes = (0 ..< 200).map { _ in (0 ..< 21).map { _ in Int.random(in: 0 ..< 32, using: &random) } }
        #expect(try tokenizer.chunks(for: codes).values.allSatisfy(\.isFinite))
        #expect(throws: ActionTokenizerError("chunk 0, code 3: expected 0 ..< 32, found 32")) {
            try tokenizer.chunks(for: [[0, 0, 0, 32] + [Int](repeating: 0, count: 17)])
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 21 codes, found 20")) {
            try tokenizer.chunks(for: [[Int](repeating: 0, count: 20)])
        }
    }

    @Test("decodes its first codebooks alone, the better the more there are")
    func prefixes() throws {
        let tokenizer = try tokenizer()
        Torch.seed(8)
        let chunks = chunks(40)
        let codes = try tokenizer.tokens(for: chunks)
        var former = Double.infinity
        for codebooks in 1 ... 3 {
            let part = tokenizer.prefix(codebooks: codebooks)
            let tokens = try part.tokens(for: chunks)
            #expect(tokens == codes.map { Array($0.prefix(7 * codebooks)) })
            #expect(part.bits(of: tokens[0]) == Double(35 * codebooks))
            let error = ReconstructionErrors(chunks, try part.chunks(for: tokens)).mse
            #expect(error < former)
            former = error
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 14 codes, found 21")) {
            try tokenizer.chunks(for: codes, codebooks: 2)
        }
    }

    @Test("one chunk alone, without libtorch, has the codes and the actions to 1e-5 that it has among many")
    func alone() throws {
        for groups in ["position=0:3,rotation=3:6,gripper=6", "left_joints=0:5,right_joints=5:7"] {
            let tokenizer = try tokenizer(groups)
            Torch.seed(9)
            let chunks = chunks(30, valid: (0 ..< 30).map { 20 - $0 % 7 })
            let codes = try tokenizer.tokens(for: chunks)
            let together = try tokenizer.chunks(for: codes)
            for chunk in 0 ..< 30 {
                #expect(try tokenizer.tokens(for: chunks[chunk ..< chunk + 1]) == [codes[chunk]])
                for codebooks in 1 ... 3 {
                    let part = [Array(codes[chunk].prefix(codebooks * tokenizer.placeCount))]
                    let alone = try tokenizer.chunks(for: part, codebooks: codebooks)
                    let prefixes = codes.map { Array($0.prefix(codebooks * tokenizer.placeCount)) }
                    let expected = try tokenizer.chunks(for: prefixes, codebooks: codebooks)[chunk]
                    #expect(zip(alone.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
                }
                #expect(together[chunk].values.count == 140)
            }
        }
    }

    @Test(
        "short lists keep the tolerance of all that was recorded, with few codes where few will do, and come back"
    )
    func shortLists() throws {
        let tokenizer = try tokenizer(codebookSize: 96)
        Torch.seed(10)
        var chunks = chunks(60)
        // Half of the chunks are of those that the entries were made from: easy.
        for index in 0 ..< 30 * 140 { chunks.values[index] *= 0.1 }
        // None lies outside of what was recorded.
        chunks.values = chunks.values.map { min(max($0, -2.5), 2.5) }
        for tolerance in [0.3, 3] {
            let adaptive = tokenizer.adaptive(tolerance: tolerance)
            let lists = try adaptive.tokens(for: chunks)
            #expect(lists.allSatisfy { $0.count >= 7 })
            #expect(try (0 ..< 60).flatMap { try adaptive.tokens(for: chunks[$0 ..< $0 + 1]) } == lists)
            let back = try adaptive.chunks(for: lists)
            #expect(ReconstructionErrors(chunks, back).peaks.allSatisfy { $0 <= tolerance })
            #expect(Set(lists.map(\.count)).count > 1)
        }
        for (list, reason) in [
            ([1, 1, 1], "a list of 3 codes ends within a codebook"),
            ([Int](repeating: 1, count: 22), "22 codes"),
            ([], "0 codes"),
        ] {
            let error = #expect(throws: ActionTokenizerError.self) {
                try tokenizer.adaptive(tolerance: 1).chunks(for: [list])
            }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test("gives codes that padding cannot influence")
    func padding() throws {
        let tokenizer = try tokenizer()
        Torch.seed(7)
        let first = chunks(4, valid: [20, 5, 1, 12])
        var second = first
        for chunk in 0 ..< 4 {
            for index in first.validSteps[chunk] * 7 ..< 140 { second.values[chunk * 140 + index] = 99 }
        }
        #expect(try tokenizer.tokens(for: first) == tokenizer.tokens(for: second))
        #expect(tokenizer.validPlaces([5]) == [true, false, false, false, true, false, true])
    }

    @Test("names the value that is not finite")
    func notFinite() throws {
        var chunks = chunks(2)
        chunks.values[140 + 7 * 3 + 2] = .nan
        #expect(throws: ActionTokenizerError("chunk 1, step 3, column 2: nan is not finite")) {
            try tokenizer().tokens(for: chunks)
        }
    }

    @Test("comes back from its folder as it was")
    func roundTrip() throws {
        let tokenizer = try tokenizer()
        try tokenizer.save(to: folder)
        let loaded = try FASTerVQTokenizer(loading: folder, device: .cpu)
        let chunks = chunks(5)
        #expect(loaded.model.configuration == tokenizer.model.configuration)
        #expect(loaded.actionSpace == tokenizer.actionSpace)
        #expect(loaded.normalization == tokenizer.normalization)
        #expect(try loaded.tokens(for: chunks) == tokenizer.tokens(for: chunks))
    }

    @Test("refuses folders that lack or contradict something, and says what")
    func brokenFolders() throws {
        #expect(throws: ActionTokenizerError("/no/such: no such folder")) {
            try FASTerVQTokenizer(loading: URL(filePath: "/no/such"), device: .cpu)
        }
        try tokenizer().save(to: folder)
        try tokenizer("joints=0:6,gripper=6").save(to: folder.appending(path: "other"))
        try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
        try FileManager.default.moveItem(
            at: folder.appending(path: "other/model.safetensors"),
            to: folder.appending(path: "model.safetensors")
        )
        let error = #expect(throws: CheckpointError.self) {
            try FASTerVQTokenizer(loading: folder, device: .cpu)
        }
        #expect(error?.description.contains("expected F32") == true)
    }

    @Test("serves robots of other groups, columns and horizons with one set of weights")
    func universal() throws {
        let arm = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        let model = try model(PatchShape.universal, arm, horizon: 16)
        for (groups, horizon, places) in [
            ("position=0:3,gripper=3", 16, 5), ("position=0:3,gripper=3", 18, 7),
            ("left_joints=0:7,left_gripper=7,right_joints=8:15,right_gripper=15", 16, 10),
            ("torso=0:2,joints=2:21,base=21", 20, 3 + 3 * 5 + 3),
            ("right_position=0:3,left_position=3:6,right_gripper=6:12,left_gripper=12:18", 16, 8 + 12),
        ] {
            let space = try ActionSpace(parsing: groups)
            let tokenizer = try model.tokenizer(
                for: space,
                horizon: horizon,
                normalization: normalization(space.dimension)
            )
            #expect(tokenizer.placeCount == places)
            let values = Tensor.randn([3, horizon, space.dimension]).floats
            let chunks = ActionChunks(count: 3, horizon: horizon, dimension: space.dimension, values: values)
            let back = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
            #expect(back.values.count == values.count)
            #expect(!back.values.contains { !$0.isFinite })
        }
        let tall = try ActionSpace(parsing: "position=0:3,gripper=3:40")
        let error = #expect(throws: PatchError.self) {
            try model.tokenizer(for: tall, horizon: 16, normalization: normalization(40))
        }
        #expect(error?.description == "action group 'gripper': at most 32 groups of the kind 'gripper' fit")
    }

    @Test("the paper's layouts: 84 codes for two arms, 126 for a mobile body with two")
    func layouts() throws {
        let places = ["position": 8, "rotation": 4, "gripper": 2, "base": 8, "torso": 6]
        let arms =
            "left_position=0:3,left_rotation=3:6,left_gripper=6,right_position=7:10,right_rotation=10:13,right_gripper=13"
        for (groups, codes) in [(arms, 84), (arms + ",torso=14:18,base=18:21", 126)] {
            let space = try ActionSpace(parsing: groups)
            let shapes = PatchShape.fitting(space, horizon: 24, places: places)
            let tokenizer = try model(shapes, space, horizon: 24).tokenizer(
                for: space,
                horizon: 24,
                normalization: normalization(space.dimension)
            )
            #expect(tokenizer.tokenCount == codes)
        }
    }

    @Test("a robot of nothing but grippers is refused, naming one")
    func onlyGrippers() throws {
        let model = try model(
            PatchShape.universal,
            ActionSpace(parsing: "position=0:3,gripper=3"),
            horizon: 16
        )
        let error = #expect(throws: PatchError.self) {
            try model.makePatchifier(ActionSpace(parsing: "left_gripper=0,right_gripper=1"), horizon: 16)
        }
        #expect(error?.description.hasPrefix("action group 'left_gripper': ") == true)
    }

    @Test("a folder that belongs to no robot says how to give it one")
    func withoutRobot() throws {
        let space = try ActionSpace(parsing: "position=0:3")
        try model(PatchShape.universal, space, horizon: 16).save(to: folder)
        let error = #expect(throws: ActionTokenizerError.self) {
            try FASTerVQTokenizer(loading: folder, device: .cpu)
        }
        #expect(error?.description.contains("belongs to no robot yet") == true)
        #expect(throws: Never.self) { try FASTerVQModel(loading: folder, device: .cpu) }
    }

    @Test("a robot's codes do not depend on who else is in the batch")
    func sharedBatch() throws {
        let arm = try ActionSpace(parsing: "position=0:3,gripper=3")
        let other = try ActionSpace(parsing: "left_joints=0:7,right_joints=7:14")
        let model = try model(PatchShape.universal, arm, horizon: 16)
        func chunks(_ space: ActionSpace) throws -> TrainingChunks {
            let patchifier = try model.makePatchifier(space, horizon: 16)
            return TrainingChunks(
                embodiment: Embodiment(
                    patchifier: patchifier,
                    normalization: normalization(space.dimension),
                    device: .cpu
                ),
                actions: .randn([5, 16, space.dimension]),
                stepMask: .ones([5, 16]),
                placeMask: .ones([5, patchifier.placeCount])
            )
        }
        let (first, second) = (try chunks(arm), try chunks(other))
        func loss(_ batch: [TrainingChunks]) -> Double {
            withoutGradients { model.network.loss(batch, quantizing: false, weights: .init()).l1.item }
        }
        #expect(abs(loss([first, second]) - (loss([first]) + loss([second])) / 2) < 1e-6)
    }
}
