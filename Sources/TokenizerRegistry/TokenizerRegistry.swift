public import ActionTokenizers
internal import CPUInference
internal import FASTerVQ
public import Foundation
internal import LearnedBaselines
internal import RobotTypes
public import Torch

/// All tokenizers by the name that their folders carry: the only map of names to types.
///
/// ``FittedTokenizer`` lists those that ``FittedTokenizer/fit(to:horizon:_:)`` makes of a dataset without training.
public enum TokenizerRegistry {
    private struct Entry: Sendable {
        let name: String

        /// Opens a folder that belongs to a robot.
        let open: @Sendable (URL, Device) throws -> any ActionTokenizer

        /// Opens a folder for a robot that it does not belong to; nil where the tokenizer cannot change robots.
        var adapt: (@Sendable (URL, RobotActions, _ horizon: Int, Device) throws -> any ActionTokenizer)?
    }

    private static let entries = [
        Entry(
            name: fasterVQ,
            open: { try FASTerVQTokenizer(loading: $0, device: $1, codec: PackedChunkCodec.self) },
            adapt: { folder, robot, horizon, device in
                try FASTerVQTokenizer(
                    FASTerVQModel(loading: folder, device: device),
                    actionSpace: robot.actionSpace,
                    horizon: horizon,
                    normalization: robot.normalization(horizon: horizon),
                    codec: PackedChunkCodec.self
                )
            }
        ),
        Entry(
            name: LinearFASTerVQTokenizer.tokenizerName,
            open: { try LinearFASTerVQTokenizer(loading: $0, device: $1, codec: PackedLinearChunkCodec.self) }
        ),
        Entry(name: "fast", open: { folder, _ in try FASTTokenizer(loading: folder) }),
        Entry(
            name: publicProcessor,
            open: { folder, _ in try FASTProcessor(loading: folder) },
            adapt: { folder, robot, horizon, _ in
                try FASTProcessor(
                    loading: folder,
                    horizon: horizon,
                    normalization: robot.normalization(horizon: horizon)
                )
            }
        ),
        Entry(name: "beast", open: { folder, _ in try BEASTTokenizer(loading: folder) }),
        Entry(name: "binning", open: { folder, _ in try BinningTokenizer(loading: folder) }),
        Entry(name: "binning-uniform", open: { folder, _ in try BinningTokenizer(loading: folder) }),
        Entry(name: "vq-bet", open: { try LearnedTokenizer<VQBeTNetwork>(loading: $0, device: $1) }),
        Entry(name: "vq-vla", open: { try LearnedTokenizer<VQVLANetwork>(loading: $0, device: $1) }),
        Entry(name: "oat", open: { try LearnedTokenizer<OATNetwork>(loading: $0, device: $1) }),
    ]

    private static let fasterVQ = "fastervq"

    /// Name of the tokenizer in folders of the public FAST processor, which do not name it.
    private static let publicProcessor = "fast+"

    /// Names of all tokenizers.
    public static var names: [String] { entries.map(\.name) }

    private static func entry(of folder: URL) throws -> Entry {
        let name =
            FASTProcessor.isFolder(folder)
            ? publicProcessor : try TokenizerFolder.tokenizerName(in: folder)
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        throw ActionTokenizerError(
            "\(TokenizerFolder.configuration(in: folder).path): tokenizer: expected one of "
                + "\(names.joined(separator: ", ")), found \(name.map { "'\($0)'" } ?? "none")"
        )
    }

    /// Name of the tokenizer in a folder.
    ///
    /// - Throws: `ActionTokenizerError` that names the file which is missing, cannot be understood or names no tokenizer.
    public static func name(of folder: URL) throws -> String { try entry(of: folder).name }

    /// Number of control steps of the chunks of the tokenizer in a folder; nil where any number will do.
    ///
    /// - Throws: `ActionTokenizerError` that names the file which is missing, cannot be understood or names no tokenizer.
    public static func horizon(of folder: URL) throws -> Int? {
        try entry(of: folder).name == publicProcessor
            ? FASTProcessor.horizon(in: folder) : TokenizerFolder.header(of: folder).horizon
    }

    /// Returns true if a folder belongs to a robot, and false for models and vocabularies that serve any.
    ///
    /// - Throws: `ActionTokenizerError` that names the file which is missing, cannot be understood or names no tokenizer.
    public static func belongsToRobot(_ folder: URL) throws -> Bool {
        switch try entry(of: folder).name {
        case publicProcessor: try FASTProcessor.belongsToRobot(folder)
        case fasterVQ: try FASTerVQTokenizer.robot(in: folder) != nil
        default: true
        }
    }

    /// Opens the tokenizer in a folder that belongs to a robot.
    ///
    /// - Parameters:
    ///   - folder: A tokenizer's folder, or one that the public FAST processor saved.
    ///   - device: Device of the weights, for tokenizers that have any.
    /// - Returns: The tokenizer.
    /// - Throws: `ActionTokenizerError` that names the file, and the errors of checkpoints.
    public static func open(_ folder: URL, device: Device) throws -> any ActionTokenizer {
        try entry(of: folder).open(folder, device)
    }

    /// Opens the tokenizer in a folder for the robot of a dataset.
    ///
    /// A folder that belongs to no robot takes the dataset's statistics.
    ///
    /// - Parameters:
    ///   - folder: A tokenizer's folder, or one that the public FAST processor saved.
    ///   - robot: The robot.
    ///   - horizon: Number of control steps of a chunk, where the folder does not say.
    ///   - adapting: True to use the network of another robot's tokenizer with this robot's statistics.
    ///   - device: Device of the weights, for tokenizers that have any.
    /// - Returns: The tokenizer, with the robot's statistics where the folder has none.
    /// - Throws: `ActionTokenizerError` when the tokenizer is for other columns than the robot's or transforms them otherwise, and
    ///   the errors of checkpoints and datasets.
    public static func open(
        _ folder: URL,
        for robot: RobotActions,
        horizon: Int,
        adapting: Bool = false,
        device: Device
    ) throws -> any ActionTokenizer {
        let entry = try entry(of: folder)
        if let adapt = entry.adapt {
            let isOwn = try belongsToRobot(folder)
            if try !isOwn || (adapting && actionSpace(of: folder) != robot.actionSpace) {
                return try adapt(folder, robot, self.horizon(of: folder) ?? horizon, device)
            }
        }
        let tokenizer = try entry.open(folder, device)
        guard tokenizer.dimension == robot.actionSpace.dimension else {
            throw ActionTokenizerError(
                "\(folder.path): is for actions of \(tokenizer.dimension) columns, the dataset has "
                    + "\(robot.actionSpace.dimension) (\(robot.actionSpace))"
            )
        }
        guard tokenizer.normalization.transform == robot.transform else {
            func text(_ transform: ActionTransform?) -> String {
                transform.map { "\($0)" } ?? "actions as recorded"
            }
            let sameRate = tokenizer.normalization.transform?.resampling == robot.transform?.resampling
            let remedy =
                sameRate ? "--mapping or --relative" : "--mapping, --relative or the recipe's 'chunk'"
            throw ActionTokenizerError(
                "\(folder.path): is for \(text(tokenizer.normalization.transform)), the dataset gives "
                    + "\(text(robot.transform)); pass the \(remedy) that the tokenizer was made with"
            )
        }
        return tokenizer
    }

    private static func actionSpace(of folder: URL) throws -> ActionSpace? {
        try FASTProcessor.isFolder(folder) ? nil : FASTerVQTokenizer.robot(in: folder)
    }
}
