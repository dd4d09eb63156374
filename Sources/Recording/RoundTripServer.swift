public import ActionTokenizers
public import PolicyProtocol
public import PolicyServer

/// Encodes and decodes experts' episodes by several tokenizers.
///
/// A client sends `replay` (`"episode"`) and `action` float32 `[n, D]`; the reply has `actions` {name: float32 `[n, D]`}.
public actor RoundTripServer: MessageHandler {
    /// The names that every reply has.
    public nonisolated let metadata: WireValue

    private let versions: [(name: String, tokenizer: (any ActionTokenizer)?)]

    /// Serves `versions`; one without a tokenizer returns the original actions.
    public init(_ versions: [(name: String, tokenizer: (any ActionTokenizer)?)]) {
        self.versions = versions
        metadata = .map([
            "server": "faster tokenizer replay", "replay": .list(versions.map { .string($0.name) }),
        ])
    }

    /// Encodes and decodes an episode by every tokenizer.
    ///
    /// - Throws: ``RecordingError`` when the message is no episode or a tokenizer does not take its actions.
    public func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        guard let map = message.map, map["replay"]?.string == "episode" else {
            let found = message.map.map { $0["replay"]?.kind ?? "nothing" } ?? message.kind
            throw RecordingError(description: "replay: expected 'episode', found \(found)")
        }
        let actions = try Demonstration.rows("action", in: map)
        var reply = WireMap()
        for (name, tokenizer) in versions {
            do {
                let rows = try tokenizer?.roundTrip(episode: actions) ?? actions
                let shape = [rows.count, rows.first?.count ?? 0]
                reply[name] = .array(NDArray(shape: shape, values: rows.flatMap(\.self)))
            } catch let error as ActionTokenizerError {
                throw RecordingError(description: "\(name): \(error)")
            }
        }
        return .map(["actions": .map(reply)])
    }
}
