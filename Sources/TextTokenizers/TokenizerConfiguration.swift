internal import Foundation

/// Added tokens and roles of a model's folder: `tokenizer_config.json`, and `special_tokens_map.json` and `added_tokens.json`, which
/// older folders have beside it.
struct TokenizerConfiguration {
    private struct Keys: Decodable {
        var beginning: Named?
        var end: Named?
        var padding: Named?
        var unknown: Named?
        var addsBeginning: Bool?
        var addsEnd: Bool?
        var addedTokens: [String: AddedTokenEntry]?

        enum CodingKeys: String, CodingKey {
            case beginning = "bos_token"
            case end = "eos_token"
            case padding = "pad_token"
            case unknown = "unk_token"
            case addsBeginning = "add_bos_token"
            case addsEnd = "add_eos_token"
            case addedTokens = "added_tokens_decoder"
        }
    }

    /// A token by its content, alone or with its properties.
    private struct Named: Decodable {
        let content: String

        private enum CodingKeys: CodingKey {
            case content
        }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                content = text
            } else {
                content = try decoder.container(keyedBy: CodingKeys.self)
                    .decode(String.self, forKey: .content)
            }
        }
    }

    private let keys: Keys?
    private let map: Keys?
    private let contents: [String: Int]

    /// The configuration of a tokenizer without one: no roles and no further tokens.
    init() { (keys, map, contents) = (nil, nil, [:]) }

    /// Reads what there is in a folder.
    ///
    /// - Throws: ``TextTokenizerError`` that names the file that is not understood.
    init(folder: URL) throws(TextTokenizerError) {
        keys = try Self.read(Keys.self, folder.appending(path: "tokenizer_config.json"))
        map = try Self.read(Keys.self, folder.appending(path: "special_tokens_map.json"))
        contents = try Self.read([String: Int].self, folder.appending(path: "added_tokens.json")) ?? [:]
    }

    private static func read<Value: Decodable>(
        _ type: Value.Type,
        _ file: URL
    ) throws(TextTokenizerError) -> Value? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: file))
        } catch {
            throw TextTokenizerError("\(file.path): cannot be understood: \(error)")
        }
    }

    private func named(_ key: KeyPath<Keys, Named?>) -> String? {
        (keys?[keyPath: key] ?? map?[keyPath: key])?.content
    }

    /// The tokens that the configuration adds to those of `tokenizer.json` or changes, as `transformers` does.
    func addedTokens(beside known: [AddedToken], _ model: any PieceModel) -> [AddedToken] {
        var tokens: [AddedToken] = []
        if let entries = keys?.addedTokens {
            for (key, entry) in entries {
                guard let identifier = Int(key) else { continue }
                tokens.append(entry.token(identifier: identifier))
            }
        } else {
            let contents = Set(known.map { Spelling($0.content) })
            for (content, identifier) in self.contents where !contents.contains(Spelling(content)) {
                tokens.append(AddedToken(content: content, identifier: identifier, isNormalized: false))
            }
        }
        let present = Set((known + tokens).map { Spelling($0.content) })
        for content in [named(\.beginning), named(\.end), named(\.padding), named(\.unknown)].compactMap({
            $0
        })
        where !present.contains(Spelling(content)) {
            guard let identifier = model.identifier(of: content) else { continue }
            tokens.append(
                AddedToken(content: content, identifier: identifier, isSpecial: true, isNormalized: false)
            )
        }
        return tokens.sorted { $0.identifier < $1.identifier }
    }

    /// The tokens that have a role.
    func roles(_ tokens: [AddedToken], _ model: any PieceModel) -> TextTokenizer.Roles {
        func identifier(_ key: KeyPath<Keys, Named?>) -> Int? {
            guard let content = named(key) else { return nil }
            return tokens.last { Spelling($0.content) == Spelling(content) }?.identifier
                ?? model.identifier(of: content)
        }
        return TextTokenizer.Roles(
            beginning: identifier(\.beginning),
            end: identifier(\.end),
            padding: identifier(\.padding)
        )
    }

    /// Template of special tokens around a text; nil where the configuration has none.
    ///
    /// `addsBeginning` is the default of `add_bos_token` where only `add_eos_token` is there.
    func template(_ roles: TextTokenizer.Roles, addsBeginning: Bool) -> SequenceTemplate? {
        guard keys?.addsBeginning != nil || keys?.addsEnd != nil else { return nil }
        let beginning = keys?.addsBeginning ?? addsBeginning ? roles.beginning : nil
        let end = keys?.addsEnd ?? false ? roles.end : nil
        let before = beginning.map { [SequenceTemplate.Part.tokens([$0])] } ?? []
        return .template(before + [.text] + (end.map { [.tokens([$0])] } ?? []))
    }
}
