import ActionTokenizers
import Comparison
import FASTerVQ
import Foundation
import LeRobot
import RobotTypes
import TokenizerRegistry
import Torch
import Training

/// A dataset of a comparison.
struct ComparedDataset {
    let name: String
    let isHeldOut: Bool
    let demonstrations: Demonstrations
    /// Episodes evaluated.
    let episodes: [Int]
    /// The others, which baselines are fitted to; nil, and so all, where none are left.
    let others: [Int]?

    /// Opens the dataset in `folder` and chooses its episodes.
    ///
    /// - Throws: The errors of datasets, `DemonstrationsError` for episodes that it does not have.
    init(_ folder: String, episodes text: String, isHeldOut: Bool) throws {
        demonstrations = try Demonstrations(opening: folder.asFile)
        let selection = try EpisodeSelection(text, count: demonstrations.dataset.episodes.count)
        episodes = selection.indices.sorted()
        let rest = selection.others(of: demonstrations.dataset.episodes.count)
        others = rest.isEmpty ? nil : rest
        name = folder.asFile.standardizedFileURL.lastPathComponent
        self.isHeldOut = isHeldOut
    }

    /// The chunks that start at every frame of the episodes evaluated, measured in units of the other episodes.
    func chunks(horizon: Int) throws -> ComparedChunks {
        let dataset = demonstrations.dataset
        let space = demonstrations.actionSpace
        let names = dataset.info.features["action"]?.names ?? []
        return ComparedChunks(
            try demonstrations.chunks(horizon: horizon, episodes: episodes),
            episodes: episodes.enumerated().flatMap { index, episode in
                Array(repeating: index, count: dataset.episodes[episode].length)
            },
            normalization: demonstrations.actionNormalization(.quantiles, episodes: others),
            columns: names.count == space.dimension ? names : (0 ..< space.dimension).map { "column \($0)" },
            space: space
        )
    }

    private func opener(horizon: Int, device: Device) -> TokenizerOpener {
        let actions = demonstrations.robotActions(episodes: others)
        var opener = TokenizerOpener(device, actions: actions, horizon: horizon)
        opener.adaptsOtherRobots = isHeldOut
        return opener
    }

    /// Makes sure, before any work, that the folders among `entries` can be opened for this dataset.
    ///
    /// - Throws: The errors of opening, with the dataset's name.
    func check(_ entries: [TokenizerSpecification], horizon: Int, device: Device) throws {
        let opener = opener(horizon: horizon, device: device)
        for entry in entries where entry.fitted == nil {
            do { _ = try opener.tokenizers(entry) } catch let error as PatchError {
                throw ActionTokenizerError("\(entry.name) on \(name): \(error)")
            }
        }
    }

    /// Fits and opens `entries` for this dataset, and tries them.
    ///
    /// - Throws: What opening, fitting and trying throw.
    func compare(
        _ entries: [TokenizerSpecification],
        horizon: Int,
        seed: UInt64,
        device: Device,
        onTrial: (Entrant) -> Void
    ) throws -> ComparisonRun {
        let opener = opener(horizon: horizon, device: device)
        let entrants = try entries.map {
            Entrant(line: $0.name, label: $0.label, tokenizers: try opener.tokenizers($0))
        }
        return try ComparisonRun(
            name: name,
            isHeldOut: isHeldOut,
            entrants: entrants,
            on: chunks(horizon: horizon),
            seed: seed,
            onTrial: onTrial
        )
    }
}
