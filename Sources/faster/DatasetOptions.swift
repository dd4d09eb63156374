import ArgumentParser
import Foundation
import LeRobot
import RobotTypes
import Training

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
