import ActionTokenizers
import FASTerVLA
import FASTerVQ
import Foundation
import LeRobot
import RobotTypes
import Support
import TemporaryFolder
import Testing
import TokenizerRegistry
import Torch

@testable import Training

@Suite("Datasets of one robot", .serialized)
struct RobotDemonstrationsTests {
    private let folder: TemporaryFolder

    /// Four episodes in `whole`, and two each in `monday` and `tuesday`.
    init() throws {
        folder = try TemporaryFolder()
        let whole = folder.appending(path: "whole")
        try SampleDemonstrations.write(to: whole, episodes: 4, cup: true)
        for (day, episodes) in [("monday", [0, 1]), ("tuesday", [2, 3])] {
            _ = try DatasetAssembly([.init(dataset: LeRobotDataset(opening: whole), episodes: episodes)])
                .write(to: folder.appending(path: day))
        }
    }

    private func open(_ name: String, _ mapping: String? = nil) throws -> Demonstrations {
        try Demonstrations(
            opening: folder.appending(path: name),
            mapping: mapping.map { try DatasetMapping(yaml: $0, file: "\(name).yaml") }
        )
    }

    private func sources(_ datasets: [(name: String, trained: [Int], heldOut: [Int])]) throws
        -> [PolicySource]
    {
        try datasets.map {
            var source = PolicySource(try open($0.name))
            (source.episodes, source.heldOut) = ($0.trained, $0.heldOut)
            return source
        }
    }

    /// Trains a policy that hardly moves away from its initialisation; the last measurement.
    private func measure(_ sources: [PolicySource], _ head: String, to name: String) throws -> [String:
        Double]
    {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=\(head)", "optimization.steps=1", "optimization.batchSize=8",
                "optimization.optimizer.learningRate=1e-12", "optimization.computeDType=float32",
                "backbone.width=32", "backbone.layerCount=2", "backbone.headCount=2",
                "backbone.pixelsPerToken=32", "backbone.keypoints=2", "expert.width=32", "validateEvery=1",
                "validationExamples=12", "objectPose.weight=1",
            ]
        )
        var training = PolicyTraining(sources, recipe: recipe, device: .cpu)
        training.horizon = 8
        let output = folder.appending(path: name)
        try training.run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        return TrainingMetrics.lines(of: output.appending(path: "metrics.jsonl")).last ?? [:]
    }

    @Test(
        "make the policy of that robot, as one dataset of all episodes does",
        arguments: ["fast", "binning"]
    )
    func policy(head: String) async throws {
        let whole = try measure(sources([("whole", [0, 2], [1, 3])]), head, to: "one")
        let halves = try measure(sources([("monday", [0], [1]), ("tuesday", [0], [1])]), head, to: "two")
        for file in ["norm_stats.json", "config.json"] {
            #expect(
                try Data(contentsOf: folder.appending(path: "one/\(file)"))
                    == Data(contentsOf: folder.appending(path: "two/\(file)")),
                "\(file)"
            )
        }
        let names = whole.keys.filter { $0.hasPrefix("validation") }.sorted()
        #expect(names.contains("validation_loss") && names.contains("validation_object_pose_loss"))
        #expect(names == halves.keys.filter { $0.hasPrefix("validation") }.sorted())
        for name in names {
            #expect(abs((whole[name] ?? 0) - (halves[name] ?? 0)) < 1e-5, "\(name)")
        }
        let policy = try await PolicyFolder.load(from: folder.appending(path: "two"), device: .cpu)
        #expect(policy.contract.cameras.count == 1 && policy.contract.actionNames == ["x", "y", "gripper"])
    }

    @Test("make its tokenizer, with statistics over all of them and chunks by their weights")
    func tokenizer() throws {
        for kind in ["fastervq", "vq-bet"] {
            let recipe = try RecipeReader.recipe(
                TokenizerRecipe(),
                settings: [
                    "kind=\(kind)", "horizon=8", "optimization.steps=2", "optimization.batchSize=16",
                    "initialChunks=32", "quantizer.codebookSize=16", "quantizer.kMeansIterations=2",
                    "autoencoder.width=16", "autoencoder.headCount=2", "autoencoder.encoderLayers=1",
                    "autoencoder.decoderLayers=1", "moreHorizons=[16]",
                ]
            )
            let datasets = try ["monday", "tuesday"].map { WeightedDataset(try open($0), robot: "arm") }
            let output = folder.appending(path: kind)
            try TokenizerTraining(datasets, recipe: recipe, device: .cpu)
                .run(to: output, resume: false, report: { _ in })
            let normalization = try open("whole")
                .actionNormalization(recipe.normalization, horizon: 8, episodes: nil)
            #expect(
                try TokenizerRegistry.open(output, device: .cpu).normalization == normalization,
                "\(kind)"
            )
        }
        var random = SeededRandom(seed: 1)
        let sampler = WeightedSampler(counts: [10, 30], weights: [3, 1])
        let indices = sampler.indices(4000, &random)
        #expect(abs(Double(indices.count { $0 < 10 }) / 4000 - 0.75) < 0.03)
        #expect(Set(indices) == Set(0 ..< 40))
    }

    @Test("may lack a camera, whose image is masked then, under one given name")
    func camera() async throws {
        try SampleDemonstrations.write(
            to: folder.appending(path: "wednesday"),
            cameras: ["observation.images.front", "observation.images.wrist"],
            cup: true
        )
        let sources = try sources([("monday", [0], []), ("wednesday", [0], [1])])
        #expect(
            try PolicyTraining(sources, recipe: PolicyRecipe(), device: .cpu).missingCameras()
                == ["robot, monday: has no camera observation.images.wrist: its image is black and masked"]
        )
        _ = try measure(sources, "regression", to: "policy")
        let policy = try await PolicyFolder.load(from: folder.appending(path: "policy"), device: .cpu)
        #expect(policy.contract.cameras.count == 2)
    }

    @Test(
        "agree in actions, states and rate, or are an error that names both",
        arguments: [
            ("monday", "state: {state: {columns: x}}", "number of state columns: 1 and 2"),
            ("monday", "action: {a: {columns: [y, x, gripper], type: other}}", "action space: "),
            ("monday", "state: {state: {columns: [y, x]}}", "the order of states: y, x and x, y"),
            ("fast", nil, "rate: 50.0 Hz and 20.0 Hz"),
        ]
    )
    func contradictions(name: String, mapping: String?, difference: String) throws {
        if name == "fast" { try SampleDemonstrations.write(to: folder.appending(path: name), fps: 50) }
        let sources = [PolicySource(try open("tuesday")), PolicySource(try open(name, mapping))]
        let error = #expect(throws: DemonstrationsError.self) { try sources.robots() }
        let paths = [name, "tuesday"].map { folder.appending(path: $0).path }
        let expected =
            "'robot' is the name of one robot, but \(paths[0]) and \(paths[1]) differ in \(difference)"
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
    }

    @Test("are told by a given name, or else by everything that a dataset says of its robot")
    func names() throws {
        try SampleDemonstrations.write(
            to: folder.appending(path: "more/monday"),
            cameras: ["observation.images.wrist"]
        )
        func names(_ paths: [(path: String, embodiment: String?)]) throws -> RobotNames {
            RobotNames(
                try paths.map {
                    var entry = DatasetEntry(path: $0.path)
                    entry.embodiment = $0.embodiment
                    return (entry, try open($0.path))
                }
            )
        }
        #expect(try names([("monday", nil)]).lines == [])
        let alike = try names([("monday", nil), ("more/monday", nil), ("tuesday", nil)])
        #expect(alike.names == ["monday", "monday-2", "monday"])
        #expect(
            alike.lines == [
                "more/monday: another robot, 'monday-2', than that of monday: they differ in cameras: "
                    + "observation.images.wrist and observation.images.front",
                "monday, tuesday: datasets of one robot, 'monday', with statistics over all of them, as they agree in "
                    + "robot type, actions, states, cameras and rate; a recipe's 'embodiment' tells them apart",
            ]
        )
        let given = try names([("monday", "left"), ("tuesday", "right"), ("more/monday", "left")])
        #expect(given.names == ["left", "right", "left"])
        #expect(
            given.lines == [
                "monday, more/monday: datasets of one robot, 'left', with statistics over all of them"
            ]
        )
        #expect(try names([("tuesday", "monday"), ("monday", nil)]).names == ["monday", "monday-2"])
    }
}
