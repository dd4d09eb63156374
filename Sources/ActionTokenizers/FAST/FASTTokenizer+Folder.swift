public import Foundation
internal import Support

// FAST on disk is a folder: `config.json`, `merges.json` (pairs of symbols, in the order of the merges) and
// `norm_stats.json`. Format: Documentation/Formats/FAST.md.
extension FASTTokenizer {
    private struct Configuration: Codable {
        var tokenizer: String
        var formatVersion: Int
        var horizon: Int
        var dimension: Int
        var scale: Float
        var smallestCoefficient: Int
        var alphabetSize: Int
        var vocabularySize: Int
    }

    private static let mergesFile = "merges.json"

    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        let merges = encoding.merges.map { [$0.first, $0.second] }
        try DurableFile.write(JSONEncoder().encode(merges), to: folder.appending(path: Self.mergesFile))
        let configuration = Configuration(
            tokenizer: name,
            formatVersion: TokenizerFolder.formatVersion,
            horizon: horizon,
            dimension: dimension,
            scale: scale,
            smallestCoefficient: smallest,
            alphabetSize: encoding.alphabetSize,
            vocabularySize: encoding.vocabularySize
        )
        try TokenizerFolder.write(configuration, to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing, cannot be understood, or does not
    ///   fit the others.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let configuration = try TokenizerFolder.read(Configuration.self, "fast", from: folder)
        try TokenizerFolder.check(
            horizon: configuration.horizon,
            and: ["alphabetSize": configuration.alphabetSize],
            of: folder
        )
        let encoding = try Self.encoding(configuration, from: folder)
        let normalization = try TokenizerFolder.normalization(from: folder, columns: configuration.dimension)
        do throws(ActionTokenizerError) {
            try self.init(
                horizon: configuration.horizon,
                dimension: configuration.dimension,
                normalization: normalization,
                scale: configuration.scale,
                smallest: configuration.smallestCoefficient,
                encoding: encoding
            )
        } catch {
            throw ActionTokenizerError("\(TokenizerFolder.configuration(in: folder).path): \(error)")
        }
    }

    private static func encoding(
        _ configuration: Configuration,
        from folder: URL
    ) throws(ActionTokenizerError) -> BytePairEncoding {
        let file = folder.appending(path: mergesFile)
        let rows = try TokenizerFolder.decode([[Int]].self, from: file)
        if let index = rows.firstIndex(where: { $0.count != 2 }) {
            throw ActionTokenizerError(
                "\(file.path): merge \(index): expected two symbols, found \(rows[index].count)"
            )
        }
        guard configuration.alphabetSize + rows.count == configuration.vocabularySize else {
            throw ActionTokenizerError(
                "\(file.path): expected \(configuration.vocabularySize) - \(configuration.alphabetSize) merges "
                    + "as config.json says, found \(rows.count)"
            )
        }
        let merges = rows.map { BytePairEncoding.Pair(first: $0[0], second: $0[1]) }
        do throws(ActionTokenizerError) {
            return try BytePairEncoding(alphabetSize: configuration.alphabetSize, merges: merges)
        } catch {
            throw ActionTokenizerError("\(file.path): \(error)")
        }
    }
}
