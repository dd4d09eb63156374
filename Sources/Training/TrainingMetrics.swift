public import Foundation

/// Measurements that a run left behind, one JSON object a line.
///
/// JSON has no word for what a training measures once it diverges, so these are texts: `nan`, `inf` and `-inf`.
public enum TrainingMetrics {
    private static let words = (infinity: "inf", negativeInfinity: "-inf", nan: "nan")

    /// The finite numbers in the objects of a `metrics.jsonl`, oldest first; a half-written last line is left out.
    public static func lines(of file: URL) -> [[String: Double]] {
        all(of: file).map { line in line.filter { $0.value.isFinite } }
    }

    /// The objects of a `metrics.jsonl`, oldest first; a half-written last line is left out.
    static func all(of file: URL) -> [[String: Double]] {
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

    /// The line of what was measured in a step, its end included.
    ///
    /// - Throws: The encoder's error.
    static func text(of measured: [String: Double]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: words.infinity,
            negativeInfinity: words.negativeInfinity,
            nan: words.nan
        )
        return try encoder.encode(measured) + Data("\n".utf8)
    }
}
