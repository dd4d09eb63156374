import ActionTokenizers
import ArgumentParser
import CPUInference
import Comparison
import FASTerVQ
import Foundation
import RobotTypes
import Torch
import Training

/// What tokenizers are opened for.
struct TokenizerOpening {
    /// The dataset; without one, only folders that belong to a robot can be opened.
    let demonstrations: Demonstrations?

    /// Episodes that baselines are fitted to, and that give a robot's statistics to a network that belongs to no robot;
    /// nil for all.
    let episodes: [Int]?

    /// Whether tokenizers of other robots serve too, by their networks alone.
    let takesOtherRobots: Bool

    /// Control steps of a chunk, for what has none of its own.
    let horizon: Int

    /// Where FASTerVQ computes.
    let device: Device

    /// Options of baselines, as on a command line; an entry's own settings go before them.
    var baselineArguments: [String] = []

    /// The tokenizers of `entry`, one a source.
    ///
    /// - Throws: `ValidationError` for a setting that does not exist, `ActionTokenizerError` and the errors of checkpoints.
    func tokenizers(_ entry: TokenizerEntry) throws -> [any ActionTokenizer] {
        if let kind = entry.baseline { return [try fit(kind, entry)] }
        return try entry.sources.map { folder in try set(entry, on: try open(folder)) }
    }

    /// The one tokenizer that `text` means: a folder, or an entry such as `FOLDER:codebooks=2` or `fast:scale=5`.
    ///
    /// - Throws: `ValidationError` for several, and what ``tokenizers(_:)`` throws.
    func tokenizer(_ text: String) throws -> any ActionTokenizer {
        if FileManager.default.fileExists(atPath: namedModel(text).path) { return try open(text) }
        let entries = try TokenizerEntry.list(text)
        guard entries.count == 1, entries[0].sources.count == 1 else {
            throw ValidationError("--tokenizer: expected one tokenizer, found '\(text)'")
        }
        return try tokenizers(entries[0])[0]
    }

    private func fit(_ kind: Baseline, _ entry: TokenizerEntry) throws -> any ActionTokenizer {
        let own = entry.settings.map { "--\($0.key)=\($0.value)" }
        let arguments = ["--horizon=\(horizon)"] + baselineArguments + own
        let options: BaselineOptions
        do { options = try BaselineOptions.parse(arguments) } catch {
            throw ValidationError("\(entry.name):\(entry.label): \(BaselineOptions.message(for: error))")
        }
        guard let demonstrations else {
            throw ValidationError("--data: '\(entry.name)' needs a dataset to be fitted to")
        }
        return try options.fit(kind, to: demonstrations, episodes: episodes)
    }

    /// The tokenizer in `folder`, or of the model of that name.
    ///
    /// A FASTerVQ network that belongs to no robot, and a folder that the public FAST processor saved, take the
    /// dataset's statistics.
    ///
    /// - Throws: `ActionTokenizerError` when it is for other columns than the dataset's, and the errors of checkpoints.
    func open(_ folder: String) throws -> any ActionTokenizer {
        guard let demonstrations else { return try openTokenizer(folder, device: device) }
        let (url, space) = (namedModel(folder), demonstrations.actionSpace)
        if FASTProcessor.isFolder(url) {
            return try FASTProcessor(
                loading: url,
                horizon: horizon,
                normalization: normalization(demonstrations)
            )
        }
        if try TokenizerFolder.tokenizerName(in: url) == "fastervq" {
            let robot = try FASTerVQTokenizer.robot(in: url)
            // Another robot's statistics would not fit, but what the network knows of motion may.
            if robot == nil || (takesOtherRobots && robot != space) {
                return try FASTerVQTokenizer(
                    FASTerVQModel(loading: url, device: device),
                    actionSpace: space,
                    horizon: horizon,
                    normalization: normalization(demonstrations),
                    codec: PackedChunkCodec.self
                )
            }
        }
        let tokenizer = try openTokenizer(folder, device: device)
        guard tokenizer.dimension == space.dimension else {
            throw ActionTokenizerError(
                "\(folder): is for actions of \(tokenizer.dimension) columns, the dataset has \(space.dimension) "
                    + "(\(space))"
            )
        }
        return tokenizer
    }

    private func normalization(_ demonstrations: Demonstrations) -> Normalization {
        demonstrations.actionNormalization(.quantiles, episodes: episodes)
    }

    /// A folder's tokenizer with fewer codebooks, where an entry says so.
    private func set(_ entry: TokenizerEntry, on tokenizer: any ActionTokenizer) throws -> any ActionTokenizer
    {
        guard let setting = entry.settings.first else { return tokenizer }
        guard entry.settings.count == 1 else {
            throw ValidationError(
                "\(entry.name): expected one setting, codebooks, found \(entry.label)"
            )
        }
        guard let residual = tokenizer as? any ResidualTokenizer else {
            throw ValidationError("\(entry.name):\(entry.label): only baselines and FASTerVQ have settings")
        }
        let all = residual.codebookCount
        guard setting.key == "codebooks", let codebooks = Int(setting.value), 1 ... all ~= codebooks else {
            throw ValidationError("\(entry.name):\(entry.label): expected codebooks=1 ... \(all)")
        }
        return residual.prefix(codebooks: codebooks)
    }
}

extension TokenizerOpening {
    /// Opens folders that belong to a robot.
    init(withoutData device: Device) {
        self.init(demonstrations: nil, episodes: nil, takesOtherRobots: false, horizon: 16, device: device)
    }
}

extension TokenizerEntry {
    /// Control steps of the chunks of all folders among `entries`; nil where no folder has any.
    ///
    /// - Throws: `ActionTokenizerError` that names two folders that differ, and the errors of folders.
    static func horizon(of entries: [TokenizerEntry], device: Device) throws -> Int? {
        var found: (folder: String, horizon: Int)?
        for folder in entries.filter({ $0.baseline == nil }).flatMap(\.sources) {
            guard let horizon = try horizon(of: folder, device: device) else { continue }
            if let found, found.horizon != horizon {
                throw ActionTokenizerError(
                    "\(found.folder) has chunks of \(found.horizon) steps, \(folder) of \(horizon): what they cost a chunk "
                        + "cannot be compared"
                )
            }
            found = (folder, horizon)
        }
        return found?.horizon
    }

    private static func horizon(of folder: String, device: Device) throws -> Int? {
        let url = namedModel(folder)
        if FASTProcessor.isFolder(url) { return FASTProcessor.horizon(in: url) }
        let isNetwork = try TokenizerFolder.tokenizerName(in: url) == "fastervq"
        if isNetwork, try FASTerVQTokenizer.robot(in: url) == nil { return nil }
        return try openTokenizer(folder, device: device).horizon
    }
}
