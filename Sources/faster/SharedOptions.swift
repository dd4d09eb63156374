import ArgumentParser
import FASTerVLA
import Foundation
import LeRobot
import PolicyProtocol
import RobotTypes
import Support
import Torch
import Training

/// Device and threads of tensors.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Device to compute on: cpu, cuda, cuda:N or mps.")
    var device = "cpu"

    @Option(help: "Threads per operator (default: all cores).")
    var threads: Int?

    func validate() throws {
        guard let threads, !(1 ... 4096).contains(threads) else { return }
        throw ValidationError("--threads: expected 1 ... 4096, found \(threads)")
    }

    /// Applies the thread count and finds the device; called before anything that cannot be done twice.
    ///
    /// - Parameter localRank: Position among the ranks of a machine, which is the GPU of `--device cuda`; nil for one process.
    /// - Returns: The device.
    /// - Throws: `DeviceError` for a device that is not there.
    func prepare(localRank: Int? = nil) throws -> Device {
        WaitPolicy.spinBriefly()
        if let threads { Torch.threadCount = threads }
        Torch.keepFreedMemory()
        return try Device(parsing: device == "cuda" ? localRank.map { "cuda:\($0)" } ?? device : device)
    }
}

/// Decoding of a policy's codes.
struct DecodingOptions: ParsableArguments {
    @Option(help: "Codes per forward pass; 1 decodes token by token (default: as trained).")
    var blockSize: Int?

    @Option(help: "Decode only the first codebooks, coarse to fine (default: all).")
    var codebooks: Int?

    @Option(
        name: .customLong("mask-predict"),
        help:
            "Blocks to decode again from their most confident codes, coarse ones first (needs a policy trained with supportsMaskPredict)."
    )
    var maskPredictBlocks: Int?

    @Option(
        help:
            "End a chunk with the codebook after which <EoBlk> is more probable than this; 1 decodes all codebooks (needs a policy trained with earlyEnd; default: 0.5)."
    )
    var endThreshold: Double?

    @Option(
        name: .customLong("deadline-ms"),
        help: "Milliseconds for a reply to requests that name no deadline, if need be with fewer codebooks."
    )
    var deadline: Double?

    @Option(
        help:
            "Temperature of sampling; 0 takes the best code. A greedy policy that is given --temperature, --top-k, --top-p or several --samples takes top 50 at temperature 0.8 for the rest."
    )
    var temperature: Double?

    @Option(help: "Sample among this many most probable codes; 0 admits all (default: as trained).")
    var topK: Int?

    @Option(
        help:
            "Sample among the most probable codes of this joint probability; 1 admits all (default: as trained)."
    )
    var topP: Double?

    @Option(help: "Samples per reply, which is their mean (default: as trained).")
    var samples: Int?

    @Flag(help: "Record the blocks of greedy decoding as a CUDA graph (with --device cuda).")
    var cudaGraphs = false

    func validate() throws {
        try expect(samples, "--samples", "1 ... \(Sampling.largestSampleCount)") {
            1 ... Sampling.largestSampleCount ~= $0
        }
        try blockSize.map { try atLeastOne($0, "--block-size") }
        try codebooks.map { try atLeastOne($0, "--codebooks") }
        try expect(maskPredictBlocks, "--mask-predict", "at least 0") { $0 >= 0 }
        try expect(endThreshold, "--end-threshold", "0 ... 1") { 0 ... 1 ~= $0 }
        try expect(deadline, "--deadline-ms", "a positive number") { $0 > 0 && $0.isFinite }
        try expect(temperature, "--temperature", "at least 0") { $0 >= 0 && $0.isFinite }
        try expect(topK, "--top-k", "at least 0") { $0 >= 0 }
        try expect(topP, "--top-p", "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    }

    /// The options as the policy reads them.
    var settings: DecodingSettings {
        var settings = DecodingSettings()
        settings.blockSize = blockSize
        settings.codebooks = codebooks
        settings.maskPredictBlocks = maskPredictBlocks
        settings.endThreshold = endThreshold
        settings.sampleCount = samples
        settings.usesGraphs = cudaGraphs
        settings.deadline = deadline.map { PredictionOptions.deadline(milliseconds: $0) }
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

/// The robot that a policy for several serves.
struct EmbodimentOptions: ParsableArguments {
    @Option(help: "Robot to serve, of a policy for several; 'faster policy info' names them.")
    var embodiment: String?
}

/// Refuses a number that has to be positive.
func atLeastOne(_ number: Int, _ option: String) throws {
    guard number > 0 else { throw ValidationError("\(option): expected at least 1, found \(number)") }
}

/// Refuses a number of control steps that no chunk can have.
func horizonNumber(_ number: Int) throws {
    try atLeastOne(number, "--horizon")
    guard number <= TokenizerRecipe.largestHorizon else {
        throw ValidationError(
            "--horizon: expected at most \(TokenizerRecipe.largestHorizon), found \(number)"
        )
    }
}

/// Refuses a number that is no TCP port; 0 stands for any free one.
func portNumber(_ number: Int, _ option: String) throws {
    guard (0 ... 65_535).contains(number) else {
        throw ValidationError("\(option): expected 0 ... 65535, found \(number)")
    }
}

/// The recipe of a training and its course.
struct TrainingOptions: ParsableArguments {
    @Option(help: "YAML file of settings; absent keys keep their defaults.")
    var recipe: String?

    @Option(
        name: .customLong("set"),
        help: "One setting, key=value; dots reach into groups. May be repeated."
    )
    var settings: [String] = []

    @Option(help: "Number of steps (default: the recipe's).")
    var steps: Int?

    @Option(help: "Seed of initialisation, order and augmentation.")
    var seed: UInt64 = 0

    @Flag(
        help:
            "Continue from the newest checkpoint; the result is the same, bit for bit, as without the interruption. A finished result is left alone."
    )
    var resume = false

    @Option(help: "Folder for the result.")
    var out: String

    /// The recipe on top of `defaults`, with `more` settings on top of all others.
    func read<Recipe: Codable & Validatable>(_ defaults: Recipe, _ more: [String: String?]) throws -> Recipe {
        let options = more.merging(["optimization.steps": steps.map(String.init)]) { $1 }
        let given = options.compactMap { key, value in value.map { "\(key)=\($0)" } }.sorted()
        return try RecipeReader.recipe(defaults, file: recipe?.asFile, settings: settings + given)
    }

    /// Says that an interrupted training is given up, where there is one that --resume would continue.
    func sayStart() {
        guard !resume, Trainer.hasCheckpoint(in: out.asFile) else { return }
        Terminal.say("\(out): starts anew, without the checkpoint that is there; --resume would continue from it")
    }

    /// Returns true if the folder for the result still lacks it; otherwise says so.
    ///
    /// - Throws: ``OutputError`` when the folder cannot be written, or would be overwritten.
    func isNeeded() throws -> Bool {
        let folder = try OutputFolder(out)
        if !resume { try folder.checkUnfinished() }
        if folder.isFinished { print("\(out): is finished, nothing to resume") }
        return !folder.isFinished
    }
}

/// Episodes and action groups of datasets.
struct EpisodeOptions: ParsableArguments {
    @Option(
        help:
            "Episodes to use, for example 0:36,40:76, 9::10 for every tenth, or ^9::10 for all others (default: all). With several datasets, given once for all or once for each."
    )
    var episodes: [String] = []

    @Option(
        help:
            "Action groups, for example position=0:3,rotation=3:6,gripper=6 (default: read off the dataset's column names)."
    )
    var groups: String?

    @Option(
        help:
            "Columns or groups of actions that become relative to the robot's state at a chunk's start, for example x,y,yaw or 0:6; angles that jump by a turn are made continuous. What a --mapping file says of every group."
    )
    var relative: String?

    @OptionGroup var mapping: MappingOptions

    /// Opens datasets and prints their mappings, given or read off column names.
    ///
    /// - Parameters:
    ///   - folders: The datasets' folders.
    ///   - usesStates: True if states are used, too.
    /// - Returns: The datasets with the episodes to use; nil for all.
    /// - Throws: `ValidationError`, and the errors of mappings and datasets.
    func open(
        _ folders: [String],
        usesStates: Bool = false
    ) throws -> [(demonstrations: Demonstrations, episodes: [Int]?)] {
        guard groups == nil || folders.count == 1 else {
            throw ValidationError("--groups: describes one dataset, but there are \(folders.count)")
        }
        guard [0, 1, folders.count].contains(episodes.count) else {
            let expected =
                folders.count == 1 ? "once" : "once for all datasets or once for each of \(folders.count)"
            throw ValidationError("--episodes: expected \(expected), found \(episodes.count) times")
        }
        guard relative == nil || mapping.mapping.isEmpty else {
            throw ValidationError("--relative: give 'relative: true' in the --mapping file instead")
        }
        let relative = relative?.split(separator: ",").map(String.init) ?? []
        let mappings = try mapping.read(for: folders)
        return try folders.enumerated().map { index, folder in
            let demonstrations = try Demonstrations(
                opening: folder.asFile,
                groups: groups,
                mapping: mappings[index],
                relative: relative,
                warn: Terminal.warn
            )
            let text = episodes.count > 1 ? episodes[index] : episodes.first
            let count = demonstrations.dataset.episodes.count
            let chosen = try mapping.usable(
                try text.map { try EpisodeSelection($0, count: count).indices },
                of: demonstrations,
                folder,
                usesStates: usesStates
            )
            MappingOptions.show(demonstrations, folder, episodes: chosen)
            return (demonstrations, chosen)
        }
    }
}

/// Features that actions and states are made of, and episodes to do without.
struct MappingOptions: ParsableArguments {
    @Option(
        help:
            "YAML file that says which features make actions, states and cameras (default: 'action', 'observation.state', all cameras). With several datasets, given once for all or once for each."
    )
    var mapping: [String] = []

    @Flag(help: "Leave out episodes with NaN or infinite numbers in the columns that are used.")
    var skipNanEpisodes = false

    /// The mappings of datasets, one a folder.
    func read(for folders: [String]) throws -> [DatasetMapping?] {
        guard [0, 1, folders.count].contains(mapping.count) else {
            let expected =
                folders.count == 1 ? "once" : "once for all datasets or once for each of \(folders.count)"
            throw ValidationError("--mapping: expected \(expected), found \(mapping.count) times")
        }
        let mappings = try mapping.map { try DatasetMapping(reading: $0.asFile) }
        return folders.indices.map { mappings.count > 1 ? mappings[$0] : mappings.first }
    }

    /// Prints a dataset's size, its mapping, and the columns that hardly move in `episodes` (nil: in all).
    static func show(_ demonstrations: Demonstrations, _ folder: String, episodes: [Int]? = nil) {
        let dataset = demonstrations.dataset
        Terminal.say(
            "\(folder): \(dataset.episodes.count) episodes, \(dataset.frameCount) frames, action groups \(demonstrations.actionSpace)"
        )
        for line in demonstrations.mappingLines { Terminal.say(line) }
        let narrow = demonstrations.narrowColumns(episodes: episodes)
        if !narrow.isEmpty {
            Terminal.say("\(folder): 'action': \(narrow.map(\.description).joined(separator: "; "))")
        }
    }

    /// The episodes to use; with `--skip-nan-episodes`, those of finite numbers, and the others are named.
    func usable(
        _ episodes: [Int]?,
        of demonstrations: Demonstrations,
        _ folder: String,
        usesStates: Bool,
        isSaid: Bool = true
    ) throws -> [Int]? {
        guard skipNanEpisodes else { return episodes }
        let (finite, others) = try demonstrations.finiteEpisodes(episodes, usesStates: usesStates)
        if isSaid { Self.say(leftOut: others, of: finite.count + others.count, folder) }
        return others.isEmpty ? episodes : finite
    }

    /// Says which episodes are left out, and why the first one is.
    static func say(leftOut: [(episode: Int, reason: LeRobotError)], of count: Int, _ folder: String) {
        guard let first = leftOut.first else {
            return Terminal.say("\(folder): --skip-nan-episodes leaves out none of \(count) episodes")
        }
        let names = leftOut.prefix(20).map { "\($0.episode)" }.joined(separator: ", ")
        Terminal.say(
            "\(folder): --skip-nan-episodes leaves out \(leftOut.count) of \(count) episodes: "
                + "\(names)\(leftOut.count > 20 ? ", ..." : ""); \(first.reason)"
        )
    }
}

/// A dataset and a part of it.
struct DatasetOptions: ParsableArguments {
    @Option(name: .customLong("data"), help: "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0.")
    var folders: [String]

    /// The dataset's folder.
    var data: String { folders[0] }

    @OptionGroup var selection: EpisodeOptions

    /// Opens the dataset and prints its mapping.
    func open(
        usesStates: Bool = false
    ) throws -> (demonstrations: Demonstrations, episodes: [Int]?) {
        try selection.open([data], usesStates: usesStates)[0]
    }

    func validate() throws {
        guard folders.count == 1 else {
            throw ValidationError("--data: expected one dataset, found \(folders.joined(separator: ", "))")
        }
    }
}

extension String {
    /// The file or folder of this path.
    var asFile: URL { URL(filePath: self) }
}
