internal import Support
internal import VectorQuantization

/// Rules that settings of networks have in common; each says what is wrong, or nil.
enum Problems {
    /// Sizes beyond which a setting is taken for a mistake.
    private static let largest = 1 << 16

    /// Codes beyond which a codebook, whose entries are counted one by one, is taken for a mistake.
    private static let largestAlphabet = 1 << 20

    /// Numbers that have to be at least one.
    static func sizes(_ numbers: KeyValuePairs<String, Int>) -> String? {
        numbers.first { !(1 ... largest).contains($0.value) }.map {
            "'\($0.key)' should be in 1 ... \(largest), found \($0.value)"
        }
    }

    /// Channels are shared out among heads.
    static func heads(_ count: Int, of width: Int) -> String? {
        if let problem = sizes(["headCount": count, "width": width]) { return problem }
        return width % count == 0
            ? nil : "'width' should be a multiple of \(count), as 'headCount' is \(count), found \(width)"
    }

    /// A list whose entries have to be in `range`.
    static func list(_ name: String, _ values: [Int], in range: ClosedRange<Int>) -> String? {
        guard let wrong = values.first(where: { !range.contains($0) }) else {
            return values.isEmpty ? "'\(name)' should not be empty" : nil
        }
        return "'\(name)' should hold numbers in \(range.lowerBound) ... \(range.upperBound), found \(wrong)"
    }

    /// How many codes a setting makes.
    static func alphabet(_ name: String, _ count: Int) -> String? {
        count > largestAlphabet
            ? "'\(name)' should make at most \(largestAlphabet) codes, found \(count)" : nil
    }

    static func quantizer(_ quantizer: ResidualQuantizer.Configuration) -> String? {
        do throws(InvalidValue) {
            try Validation.require("quantizer", quantizer)
            return nil
        } catch {
            return error.description
        }
    }
}
