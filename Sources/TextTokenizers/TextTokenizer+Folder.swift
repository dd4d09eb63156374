public import Foundation

// The files of a Hugging Face model's folder that concern its tokenizer.
extension TextTokenizer {
    /// Returns true if `folder` has a tokenizer that can be read.
    public static func isFolder(_ folder: URL) -> Bool {
        ["tokenizer.json", "tokenizer.model"].contains {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
    }

    /// Reads the tokenizer of a model's folder: its `tokenizer.json`, or else its `tokenizer.model`.
    ///
    /// - Throws: ``TextTokenizerError`` that names the file that is missing or not understood, and its part.
    public init(folder: URL) throws(TextTokenizerError) {
        let configuration = try TokenizerConfiguration(folder: folder)
        let file = folder.appending(path: "tokenizer.json")
        if FileManager.default.fileExists(atPath: file.path) {
            try self.init(file: file, configuration)
        } else {
            try self.init(sentencePiece: folder.appending(path: "tokenizer.model"), configuration)
        }
    }

    /// Reads a `tokenizer.json` alone.
    ///
    /// - Throws: ``TextTokenizerError`` that names the file and the part that is not understood.
    public init(file: URL) throws(TextTokenizerError) {
        try self.init(file: file, TokenizerConfiguration())
    }

    private init(file: URL, _ configuration: TokenizerConfiguration) throws(TextTokenizerError) {
        let (parts, vocabulary) = try TokenizerFile.read(file)
        let model: BytePairModel
        do {
            model = try BytePairModel(parts, vocabulary)
        } catch {
            throw TextTokenizerError("\(file.path): \(error)")
        }
        var tokens: [AddedToken] = []
        for entry in parts.addedTokens ?? [] {
            guard let identifier = vocabulary.identifier(of: entry.content) ?? entry.id else {
                throw TextTokenizerError("\(file.path): added_tokens: '\(entry.content)' has no id")
            }
            tokens.append(entry.token(identifier: identifier))
        }
        tokens += configuration.addedTokens(beside: tokens, model)
        try Self.check(tokens, of: file)
        let roles = configuration.roles(tokens, model)
        let template = configuration.template(roles, addsBeginning: false)
        self.init(model, addedTokens: tokens, template: template ?? parts.template, roles: roles)
    }

    /// Checks that the identifiers of added tokens are some that a vocabulary can have.
    private static func check(_ tokens: [AddedToken], of file: URL) throws(TextTokenizerError) {
        for token in tokens where !(0 ..< 1 << 24).contains(token.identifier) {
            throw TextTokenizerError(
                "\(file.deletingLastPathComponent().path): added token '\(token.content)': "
                    + "expected an identifier in 0 ..< \(1 << 24), found \(token.identifier)"
            )
        }
    }

    private init(
        sentencePiece file: URL,
        _ configuration: TokenizerConfiguration
    ) throws(TextTokenizerError) {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw TextTokenizerError(
                "\(file.deletingLastPathComponent().path): has neither tokenizer.json nor tokenizer.model"
            )
        }
        let model = try SentencePieceModel(file)
        // The library takes text as it is, so that added tokens are looked for in such only.
        let tokens = configuration.addedTokens(beside: [], model).map { token in
            var token = token
            token.isNormalized = false
            return token
        }
        try Self.check(tokens, of: file)
        var roles = configuration.roles(tokens, model)
        roles.beginning = roles.beginning ?? model.beginning
        roles.end = roles.end ?? model.end
        roles.padding = roles.padding ?? model.padding
        let template =
            configuration.template(roles, addsBeginning: true)
            ?? .template((roles.beginning.map { [.tokens([$0])] } ?? []) + [.text])
        self.init(model, addedTokens: tokens, template: template, roles: roles)
    }
}
