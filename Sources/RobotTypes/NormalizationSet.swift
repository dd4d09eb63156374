/// The normalizations that a model was trained with, by feature: the content of `norm_stats.json`.
///
/// Source: openpi's layout, `{"norm_stats": {"state": {"mean": ...}, "actions": {...}}}`, with the method of
/// every feature beside it, and the transform of actions where there is one.
public struct NormalizationSet: Codable, Equatable, Sendable {
    private var statistics: [String: FeatureStatistics]
    private var methods: [String: Normalization.Method]
    private var transforms: [String: ActionTransform]?

    private enum CodingKeys: String, CodingKey {
        case statistics = "norm_stats"
        case methods = "method"
        case transforms = "transform"
    }

    /// Name of the file in a tokenizer's or a policy's folder.
    public static let fileName = "norm_stats.json"

    /// Creates a set, for example `["actions": ..., "state": ...]`.
    public init(_ normalizations: [String: Normalization]) {
        statistics = normalizations.mapValues(\.statistics)
        methods = normalizations.mapValues(\.method)
        let found = normalizations.compactMapValues(\.transform)
        transforms = found.isEmpty ? nil : found
    }

    /// The normalization of `feature`, or nil when the file lacks its statistics or its method.
    public subscript(feature: String) -> Normalization? {
        guard let statistics = statistics[feature], let method = methods[feature] else { return nil }
        return Normalization(method: method, statistics: statistics, transform: transforms?[feature])
    }
}
