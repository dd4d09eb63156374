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
        let named = try TokenizerFolder.tokenizerName(in: folder)
        let bounds = Bounds.allCases.first { $0.tokenizerName == named } ?? .quantiles
        let configuration = try TokenizerFolder.read(
            Configuration.self,
            bounds.tokenizerName,
            from: folder
        )
        let normalization = try TokenizerFolder.normalization(from: folder, columns: configuration.dimension)
        try TokenizerFolder.check(
            horizon: configuration.horizon,
            and: ["binCount": configuration.binCount],
            of: folder
        )
        self.init(
            horizon: configuration.horizon,
            dimension: configuration.dimension,
            normalization: normalization,
            bounds: bounds,
            binCount: configuration.binCount
        )
    }
}
