import ArgumentParser
import FASTerVLA
import Foundation
import LeRobot
import PolicyProtocol
import RobotTypes
import Torch
import Training

/// Where tensors are computed.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Where to compute: cpu, cuda, cuda:N or mps.")
    var device = "cpu"

    @Option(help: "Threads of one operator; all cores unless said otherwise.")
    var threads: Int?

    func validate() throws {
        guard let threads, !(1 ... 4096).contains(threads) else { return }
        throw ValidationError("--threads: expected 1 ... 4096, found \(threads)")
    }

    /// Applies the thread count and finds the device.
    func prepare() throws -> Device {
        if let threads { Torch.threadCount = threads }
        Torch.keepFreedMemory()
        return try Device(parsing: device)
    }
}

/// How a policy's codes are predicted.
struct DecodingOptions: ParsableArguments {
    @Option(help: "Codes of one forward; the policy's own unless said otherwise. 1 decodes token by token.")
    var blockSize: Int?

    @Option(help: "Decode only the first codebooks, coarse to fine; all unless said otherwise.")
    var codebooks: Int?

    @Option(
        help:
            "Blocks that are looked at again, coarse ones first, by a policy that was trained for it (looksAgain)."
    )
    var secondLooks: Int?

    @Option(
        name: .customLong("deadline-ms"),
        help:
            "Milliseconds within which to answer requests that name no deadline themselves, if need be with fewer codebooks."
    )
    var deadline: Double?

    @Option(
        help:
            "Scores are divided by it before a code is drawn; 0 takes the best. A greedy policy that is given one of these three numbers, or several --draws, takes top 50 at temperature 0.8 for the rest."
    )
    var temperature: Double?

    @Option(
        help:
            "Codes are drawn among so many best scored entries; 0 admits all. The policy's own unless said otherwise."
    )
    var topK: Int?

    @Option(
        help:
            "Codes are drawn among the fewest best scored entries of so much probability; 1 admits all. The policy's own unless said otherwise."
    )
    var topP: Double?

    @Option(
        help:
            "Motions that are drawn for an answer, which is their mean; the policy's own unless said otherwise."
    )
    var draws: Int?

    func validate() throws {
        try expect(draws, "--draws", "1 ... \(Sampling.mostDraws)") { 1 ... Sampling.mostDraws ~= $0 }
        try blockSize.map { try atLeastOne($0, "--block-size") }
        try codebooks.map { try atLeastOne($0, "--codebooks") }
        try expect(secondLooks, "--second-looks", "at least 0") { $0 >= 0 }
        try expect(deadline, "--deadline-ms", "a positive number") { $0 > 0 && $0.isFinite }
        try expect(temperature, "--temperature", "at least 0") { $0 >= 0 && $0.isFinite }
        try expect(topK, "--top-k", "at least 0") { $0 >= 0 }
        try expect(topP, "--top-p", "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    }

    /// The options in the policy's terms.
    var settings: DecodingSettings {
        var settings = DecodingSettings()
        settings.blockSize = blockSize
        settings.codebooks = codebooks
        settings.secondLooks = secondLooks
        settings.draws = draws
        settings.deadline = deadline.map { AnswerOptions.deadline(milliseconds: $0) }
        settings.temperature = temperature
        settings.topK = topK
        settings.topP = topP
        return settings
    }

    private func expect<Number>(
        _ number: Number?,
        _ option: String,
        _ expected: String,
        _ holds: (Number) -> Bool
    ) throws {
        guard let number, !holds(number) else { return }
        throw ValidationError("\(option): expected \(expected), found \(number)")
    }
}

/// Refuses a number that has to be positive.
func atLeastOne(_ number: Int, _ option: String) throws {
    guard number > 0 else { throw ValidationError("\(option): expected at least 1, found \(number)") }
}

/// Refuses a number that is no TCP port; 0 stands for any free one.
func portNumber(_ number: Int, _ option: String) throws {
    guard (0 ... 65_535).contains(number) else {
        throw ValidationError("\(option): expected 0 ... 65535, found \(number)")
    }
}

/// A recipe and how a training runs.
struct TrainingOptions: ParsableArguments {
    @Option(help: "A YAML file of settings; absent keys keep their defaults.")
    var recipe: String?

    @Option(
        name: .customLong("set"),
        help: "One setting, key=value; dots reach into groups. May be repeated."
    )
    var settings: [String] = []

    @Option(help: "Steps of the training; the recipe's unless said otherwise.")
    var steps: Int?

    @Option(help: "Determines first weights, order and augmentation.")
    var seed: UInt64 = 0

    @Flag(
        help:
            "Go on from the newest checkpoint; the result is the same, bit for bit, as without the interruption. What is finished stays."
    )
    var resume = false

    /// The recipe on top of `defaults`, `more` settings on top of all others.
    func read<Recipe: CheckedRecipe>(_ defaults: Recipe, _ more: [String] = []) throws -> Recipe {
        let steps = steps.map { ["steps=\($0)"] } ?? []
        return try RecipeReader.recipe(defaults, file: recipe?.asFile, settings: settings + steps + more)
    }

    /// Whether the folder `out` still lacks what is to be trained.
    ///
    /// - Throws: ``OutputError`` when it cannot be written, or would be overwritten.
    func isNeeded(for out: String) throws -> Bool {
        let folder = try OutputFolder(out)
        if !resume { try folder.checkUnfinished() }
        return !folder.isFinished
    }
}

/// A dataset and a part of it.
struct DatasetOptions: ParsableArguments {
    @Option(help: "Folder of a LeRobot v3.0 dataset.")
    var data: String

    @Option(
        help:
            "Episodes to use, for example 0:36,40:76, or 9::10 for every tenth; all unless said otherwise."
    )
    var episodes: String?

    @Option(
        help:
            "Action groups, for example position=0:3,rotation=3:6,gripper=6; read off the dataset's names unless said otherwise."
    )
    var groups: String?

    init() {}

    init(_ data: String, episodes: String?, groups: String?) {
        self.data = data
        self.episodes = episodes
        self.groups = groups
    }

    /// Opens the dataset and says what was understood.
    func open() throws -> (demonstrations: Demonstrations, episodes: [Int]?) {
        let demonstrations = try Demonstrations(opening: data.asFile, groups: groups)
        let dataset = demonstrations.dataset
        Terminal.say(
            "\(data): \(dataset.episodes.count) episodes, \(dataset.frameCount) frames, action groups \(demonstrations.actionSpace)"
        )
        return (
            demonstrations,
            try episodes.map { try EpisodeSelection($0, count: dataset.episodes.count).indices }
        )
    }
}

extension String {
    /// The file or folder of this path.
    var asFile: URL { URL(filePath: self) }
}
