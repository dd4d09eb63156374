public import Foundation

// BEAST on disk is a folder: `config.json`, which holds the bounds of the bins, and `norm_stats.json`.
extension BEASTTokenizer {
    private struct Configuration: Codable {
        var tokenizer: String
        var formatVersion: Int
        var horizon: Int
        var dimension: Int
        var controlPoints: Int
        var ridge: Double
        var binCount: Int
        var low: [Double]
        var high: [Double]
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
            controlPoints: controlPoints,
            ridge: ridge,
            binCount: binCount,
            low: low,
            high: high
        )
        try TokenizerFolder.write(configuration, to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing, cannot be understood, or does not
    ///   fit the others.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let configuration = try TokenizerFolder.read(Configuration.self, "beast", from: folder)
        let normalization = try TokenizerFolder.normalization(from: folder, columns: configuration.dimension)
        do throws(ActionTokenizerError) {
            try self.init(
                horizon: configuration.horizon,
                dimension: configuration.dimension,
                normalization: normalization,
                controlPoints: configuration.controlPoints,
                ridge: configuration.ridge,
                binCount: configuration.binCount,
                low: configuration.low,
                high: configuration.high
            )
        } catch {
            throw ActionTokenizerError("\(TokenizerFolder.configuration(in: folder).path): \(error)")
        }
    }
}
