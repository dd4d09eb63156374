public import ActionTokenizers
public import Foundation
internal import Support
public import Torch

/// Opens and fits the tokenizers of ``TokenizerSpecification``s.
public struct TokenizerOpener: Sendable {
    /// The actions that tokenizers are fitted or adapted to; without them, only folders that belong to a robot open.
    public var actions: RobotActions?

    /// True to use the networks of other robots' tokenizers with the statistics of ``actions``.
    public var adaptsOtherRobots = false

    /// Number of control steps of a chunk, for tokenizers without one of their own.
    public var horizon = 16

    /// Default settings of fitted tokenizers.
    public var settings = FittedTokenizer.Settings()

    /// Device of the weights.
    public var device: Device

    /// The folder that a source means, which may be the name of a model that comes with the program.
    public var locate: @Sendable (String) -> URL

    /// Creates an opener for folders that belong to a robot.
    public init(device: Device, locate: @escaping @Sendable (String) -> URL) {
        self.device = device
        self.locate = locate
    }

    /// The tokenizers of a specification, one a source.
    ///
    /// - Parameters:
    ///   - specification: The tokenizers.
    ///   - report: Called as by ``FittedTokenizer/fit(to:horizon:_:processes:report:)``.
    /// - Returns: The tokenizers.
    /// - Throws: `ActionTokenizerError` or `InvalidValue` for a setting that does not exist, and the errors of folders.
    public func tokenizers(
        _ specification: TokenizerSpecification,
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) throws -> [any ActionTokenizer] {
        if let fitted = specification.fitted { return [try fit(fitted, specification, report)] }
        return try specification.sources.map { try keeping(specification, of: open(locate($0))) }
    }

    /// The one tokenizer of a folder or specification.
    ///
    /// - Throws: `ActionTokenizerError` where `text` means several, and the errors of ``tokenizers(_:)``.
    public func tokenizer(_ text: String) throws -> any ActionTokenizer {
        let folder = locate(text)
        if FileManager.default.fileExists(atPath: folder.path) { return try open(folder) }
        let specification = try TokenizerSpecification(text)
        guard specification.sources.count == 1 else {
            throw ActionTokenizerError("expected one tokenizer, found '\(text)'")
        }
        guard specification.earlyEnd == nil else {
            throw ActionTokenizerError("'\(text)': expected no 'early-end', which only comparisons know")
        }
        return try tokenizers(specification)[0]
    }

    /// Number of control steps of the chunks of all folders among `specifications`; nil without folders.
    ///
    /// - Throws: `ActionTokenizerError` that names two folders that differ, and the errors of folders.
    public func horizon(of specifications: [TokenizerSpecification]) throws -> Int? {
        var found: (folder: String, horizon: Int)?
        for folder in specifications.filter({ $0.fitted == nil }).flatMap(\.sources) {
            guard let horizon = try TokenizerRegistry.horizon(of: locate(folder)) else { continue }
            if let found, found.horizon != horizon {
                throw ActionTokenizerError(
                    "\(found.folder) has chunks of \(found.horizon) steps, \(folder) of \(horizon): their bits a chunk cannot "
                        + "be compared"
                )
            }
            found = (folder, horizon)
        }
        return found?.horizon
    }

    private func open(_ folder: URL) throws -> any ActionTokenizer {
        guard let actions else { return try TokenizerRegistry.open(folder, device: device) }
        return try TokenizerRegistry.open(
            folder,
            for: actions,
            horizon: horizon,
            adapting: adaptsOtherRobots,
            device: device
        )
    }

    private func fit(
        _ fitted: FittedTokenizer,
        _ specification: TokenizerSpecification,
        _ report: (_ done: Int, _ all: Int) -> Void
    ) throws -> any ActionTokenizer {
        var (settings, horizon) = (settings, horizon)
        do {
            for setting in specification.settings {
                guard setting.key == "horizon" else {
                    try settings.set(setting.key, to: setting.value)
                    continue
                }
                guard let steps = Int(setting.value), steps > 0 else {
                    throw InvalidValue("horizon", expected: "a number from 1 on", found: setting.value)
                }
                horizon = steps
            }
        } catch {
            throw ActionTokenizerError("\(specification.name): \(error)")
        }
        guard let actions else {
            throw ActionTokenizerError("'\(specification.name)' needs a dataset to be fitted to")
        }
        return try fitted.fit(to: actions, horizon: horizon, settings, report: report)
    }

    /// The tokenizer of a folder with the number of codebooks that the specification sets.
    private func keeping(
        _ specification: TokenizerSpecification,
        of tokenizer: any ActionTokenizer
    ) throws -> any ActionTokenizer {
        guard let setting = specification.settings.first else { return tokenizer }
        let all = tokenizer.decodableCodebooks
        guard specification.settings.count == 1, setting.key == "codebooks",
            let codebooks = Int(setting.value), all.contains(codebooks)
        else {
            throw ActionTokenizerError(
                "\(specification.name): expected codebooks=\(all.lowerBound) ... \(all.upperBound), found "
                    + "'\(specification.label)'"
            )
        }
        return tokenizer.keeping(codebooks: codebooks)
    }
}
