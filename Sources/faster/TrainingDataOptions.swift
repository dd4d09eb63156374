import ArgumentParser
import Foundation
import LeRobot
import Training

/// Datasets of a training, by options or by its recipe.
struct TrainingDataOptions: ParsableArguments {
    @Option(
        help:
            "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0; may be repeated (default: the recipe's datasets)."
    )
    var data: [String] = []

    @OptionGroup var selection: EpisodeOptions

    @Option(help: "Sampling weight of each dataset, with commas between (default: equal).")
    var weights: String?

    /// A dataset with what a person wants of it.
    struct Opened {
        var entry: DatasetEntry
        var demonstrations: Demonstrations

        /// Name of the robot, which datasets of one robot share.
        var robot = ""

        /// The episodes chosen; nil for all.
        var episodes: [Int]?
    }

    /// Opens the datasets of the options, or those of the recipe, and prints their mappings and which are of one robot.
    ///
    /// - Parameters:
    ///   - recipe: The recipe's datasets.
    ///   - usesStates: True if states are used, too.
    /// - Returns: The datasets, in order.
    /// - Throws: `ValidationError`, and the errors of mappings and datasets.
    func open(_ recipe: [DatasetEntry], usesStates: Bool = false) throws -> [Opened] {
        var opened =
            recipe.isEmpty
            ? try openGiven(usesStates: usesStates) : try openNamed(recipe, usesStates: usesStates)
        let robots = RobotNames(opened.map { ($0.entry, $0.demonstrations) })
        for line in robots.lines { Terminal.say(line) }
        for (index, name) in robots.names.enumerated() { opened[index].robot = name }
        return opened
    }

    private func openNamed(_ recipe: [DatasetEntry], usesStates: Bool) throws -> [Opened] {
        let given = [
            ("--data", !data.isEmpty), ("--weights", weights != nil),
            ("--episodes", !selection.episodes.isEmpty), ("--groups", selection.groups != nil),
            ("--mapping", !selection.mapping.mapping.isEmpty), ("--relative", selection.relative != nil),
        ]
        if let option = given.first(where: \.1) {
            throw ValidationError(
                "\(option.0): the recipe has datasets of its own; say it there, or leave them out of the recipe"
            )
        }
        return try recipe.map { entry in
            let demonstrations = try Demonstrations(
                opening: entry.path.asFile,
                groups: entry.groups,
                mapping: try entry.mapping?.read(of: entry.path),
                relative: entry.relative?.split(separator: ",").map(String.init) ?? [],
                warn: Terminal.warn
            )
            let count = demonstrations.dataset.episodes.count
            let chosen =
                try entry.episodes.map { try EpisodeSelection($0, count: count).indices }
                ?? entry.heldOut.map { try EpisodeSelection($0, count: count).trained(of: count) }
            let episodes = try usable(chosen, of: demonstrations, entry, usesStates: usesStates)
            MappingOptions.show(demonstrations, entry.path, episodes: episodes)
            return Opened(entry: entry, demonstrations: demonstrations, episodes: episodes)
        }
    }

    private func openGiven(usesStates: Bool) throws -> [Opened] {
        guard !data.isEmpty else {
            throw ValidationError("--data: expected a dataset's folder, or a recipe with the key 'datasets'")
        }
        let numbers = weights.map { $0.split(separator: ",").map { Double($0) ?? -1 } }
        guard numbers.map({ $0.count == data.count && $0.allSatisfy { $0 > 0 && $0.isFinite } }) ?? true
        else {
            throw ValidationError(
                "--weights: expected \(data.count) positive numbers, one per dataset, found '\(weights ?? "")'"
            )
        }
        return try selection.open(data, usesStates: usesStates).enumerated().map { index, part in
            var entry = DatasetEntry(path: data[index])
            entry.weight = numbers?[index] ?? 1
            // Said only, as the episodes are chosen.
            entry.episodes =
                selection.episodes.count > 1 ? selection.episodes[index] : selection.episodes.first
            return Opened(entry: entry, demonstrations: part.demonstrations, episodes: part.episodes)
        }
    }

    /// The episodes that can be used; nil for all.
    func usable(
        _ episodes: [Int]?,
        of demonstrations: Demonstrations,
        _ entry: DatasetEntry,
        usesStates: Bool,
        isSaid: Bool = true
    ) throws -> [Int]? {
        try selection.mapping.usable(
            episodes,
            of: demonstrations,
            entry.path,
            usesStates: usesStates,
            isSaid: isSaid
        )
    }
}
