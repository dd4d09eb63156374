public import Foundation

// Binning on disk is a folder: `config.json` and `norm_stats.json`.
extension BinningTokenizer {
    private struct Configuration: Codable {
        var tokenizer: String
        var formatVersion: Int
        var horizon: Int
        var dimension: Int
        var binCount: Int
    }

    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        let configuration = Configuration(
            tokenizer: name,
            formatVersion: TokenizerFolder.formatVersion,
            horizon: horizon,
            dimension: dimension,
            binCount: binCount
        )
        try TokenizerFolder.write(configuration, to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing or cannot be understood.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let configuration = try TokenizerFolder.read(Configuration.self, "binning", from: folder)
        let normalization = try TokenizerFolder.normalization(from: folder, columns: configuration.dimension)
        guard (1 ... ActionTokenizerLimits.horizon).contains(configuration.horizon) else {
            throw ActionTokenizerError(
                "\(folder.path): horizon: expected 1 ... \(ActionTokenizerLimits.horizon), found "
                    + "\(configuration.horizon)"
            )
        }
        guard (1 ... 1 << 20).contains(configuration.binCount) else {
            throw ActionTokenizerError(
                "\(folder.path): binCount: expected 1 ... \(1 << 20), found \(configuration.binCount)"
            )
        }
        self.init(
            horizon: configuration.horizon,
            dimension: configuration.dimension,
            normalization: normalization,
            binCount: configuration.binCount
        )
    }
}
