public import Foundation

/// The format of `metrics.jsonl`: one JSON object per logged step.
///
/// JSON has no numbers for the values of a training that diverges, so these are texts: `nan`, `inf` and `-inf`.
public enum TrainingMetrics {
    /// Name of the file in a training's folder.
    public static let fileName = "metrics.jsonl"

    private static let words = (infinity: "inf", negativeInfinity: "-inf", nan: "nan")

    /// The finite numbers in the objects of a `metrics.jsonl`, oldest first; a half-written last line is left out.
    public static func lines(of file: URL) -> [[String: Double]] {
        all(of: file).map { line in line.filter { $0.value.isFinite } }
    }

    /// The objects of a `metrics.jsonl`, oldest first; a half-written last line is left out.
    public static func all(of file: URL) -> [[String: Double]] {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: words.infinity,
            negativeInfinity: words.negativeInfinity,
            nan: words.nan
        )
        return text.split(separator: "\n").compactMap {
            try? decoder.decode([String: Double].self, from: Data($0.utf8))
        }
    }

    /// One line of the file, its end included.
    ///
    /// - Throws: The encoder's error.
    public static func line(_ metrics: [String: Double]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: words.infinity,
            negativeInfinity: words.negativeInfinity,
            nan: words.nan
        )
        return try encoder.encode(metrics) + Data("\n".utf8)
    }
}
