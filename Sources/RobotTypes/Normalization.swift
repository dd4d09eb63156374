public import Support

/// Summary of one feature of a dataset, one value a column, over valid steps.
///
/// Source: openpi's `norm_stats.json`, whose key names the coding keys keep.
public struct FeatureStatistics: Codable, Equatable, Sendable {
    /// Mean.
    public var mean: [Float]

    /// Standard deviation.
    public var std: [Float]

    /// 1 % quantile.
    public var q01: [Float]

    /// 99 % quantile.
    public var q99: [Float]

    /// Smallest value.
    public var min: [Float]

    /// Largest value.
    public var max: [Float]

    /// Columns.
    public var dimension: Int { mean.count }

    /// Creates statistics from columns of equal length.
    public init(mean: [Float], std: [Float], q01: [Float], q99: [Float], min: [Float], max: [Float]) {
        self.mean = mean
        self.std = std
        self.q01 = q01
        self.q99 = q99
        self.min = min
        self.max = max
    }
}

extension FeatureStatistics {
    /// Reads statistics.
    ///
    /// - Throws: `DecodingError` when a list is missing or has another number of columns than `mean`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let mean = try values.decode([Float].self, forKey: .mean)
        func columns(_ key: CodingKeys) throws -> [Float] {
            let found = try values.decode([Float].self, forKey: key)
            guard found.count == mean.count else {
                throw DecodingError.dataCorruptedError(
                    forKey: key,
                    in: values,
                    debugDescription: "expected \(mean.count) columns, as 'mean' has, found \(found.count)"
                )
            }
            return found
        }
        self.init(
            mean: mean,
            std: try columns(.std),
            q01: try columns(.q01),
            q99: try columns(.q99),
            min: try columns(.min),
            max: try columns(.max)
        )
    }
}

/// A reversible map from a feature's own units to about [-1, 1].
///
/// The method is stored with the statistics, because a checkpoint read with another method than it was
/// trained with fails silently (openpi, issue 849).
public struct Normalization: Codable, Equatable, Sendable {
    /// The map's kind.
    public enum Method: String, NamedChoice {
        /// `q01 ... q99` to `-1 ... 1`, or `min ... max` where a column moves too rarely for quantiles to see it; a column
        /// that never moves maps to 0, and one that hardly moves is not stretched: ``minimumRelativeWidth``.
        case quantiles
        /// Zero mean and unit standard deviation.
        case meanStandardDeviation = "mean_std"
        /// Values stay as they are.
        case identity
    }

    /// Method of the map.
    public var method: Method

    /// Statistics that the map is derived from.
    public var statistics: FeatureStatistics

    /// Map of the robot's actions to those that the statistics describe; nil where they are the same.
    public var transform: ActionTransform?

    /// Creates a map from statistics.
    public init(method: Method, statistics: FeatureStatistics, transform: ActionTransform? = nil) {
        self.method = method
        self.statistics = statistics
        self.transform = transform
    }

    /// Half-width up to which a column counts as constant: it maps to 0 and comes back as its centre.
    package static let constantWidth: Float = 2e-6

    /// Smallest half-width or standard deviation, as a fraction of the centre's size.
    ///
    /// A joint at rest at 1.569 that trembles by 0.0002 would otherwise be stretched to [-1, 1], and values of thousands
    /// would come of its first real movement. Source: openpi, issue 814.
    public static let minimumRelativeWidth: Float = 0.02

    /// Centre and half-width of every column.
    private var affine: [(centre: Float, scale: Float)] {
        (0 ..< statistics.dimension).map { column in
            switch method {
            case .quantiles: Self.widened(quantileRange(of: column))
            case .meanStandardDeviation: Self.widened((statistics.mean[column], statistics.std[column]))
            case .identity: (0, 1)
            }
        }
    }

    private static func widened(_ range: (centre: Float, scale: Float)) -> (centre: Float, scale: Float) {
        guard range.scale > constantWidth else { return range }
        return (range.centre, max(range.scale, minimumRelativeWidth * abs(range.centre)))
    }

    /// A flag that is up in fewer than 1 % of all steps, such as that of an episode's end, has equal quantiles, and
    /// would be erased.
    private func quantileRange(of column: Int) -> (centre: Float, scale: Float) {
        func range(_ low: Float, _ high: Float) -> (centre: Float, scale: Float) {
            ((low + high) / 2, (high - low) / 2)
        }
        let quantiles = range(statistics.q01[column], statistics.q99[column])
        let extremes = range(statistics.min[column], statistics.max[column])
        return quantiles.scale <= Self.constantWidth && extremes.scale > Self.constantWidth
            ? extremes : quantiles
    }

    /// Rows in the feature's units, `[n, dimension]`, mapped to about [-1, 1].
    public func normalized(_ values: [Float]) -> [Float] {
        map(values) { value, centre, scale in scale <= Self.constantWidth ? 0 : (value - centre) / scale }
    }

    /// The reverse of ``normalized(_:)``.
    public func restored(_ values: [Float]) -> [Float] {
        map(values) { value, centre, scale in scale <= Self.constantWidth ? centre : value * scale + centre }
    }

    /// Smallest recorded value of every column, normalised.
    public var lowerBounds: [Float] { normalized(statistics.min) }

    /// Largest recorded value of every column, normalised.
    public var upperBounds: [Float] { normalized(statistics.max) }

    /// Normalised rows, `[n, dimension]`, clipped to the recorded range of every column.
    ///
    /// Reconstructions of tokenizers and predictions of policies lie within it: motion beyond anything recorded is never meant.
    public func clipped(_ normalized: [Float]) -> [Float] {
        let (lower, upper) = (lowerBounds, upperBounds)
        precondition(
            lower.isEmpty ? normalized.isEmpty : normalized.count % lower.count == 0,
            "values must be whole rows"
        )
        var result = normalized
        for index in result.indices {
            let column = index % lower.count
            result[index] = min(max(result[index], lower[column]), upper[column])
        }
        return result
    }

    private func map(_ values: [Float], _ transform: (Float, Float, Float) -> Float) -> [Float] {
        let columns = affine
        precondition(
            columns.isEmpty ? values.isEmpty : values.count % columns.count == 0,
            "values must be whole rows"
        )
        var result = values
        for index in result.indices {
            let (centre, scale) = columns[index % columns.count]
            result[index] = transform(result[index], centre, scale)
        }
        return result
    }
}
