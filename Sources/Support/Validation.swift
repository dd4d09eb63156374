/// Requirements that settings have in common; each throws ``InvalidValue`` for the first value that does not meet it.
public enum Validation {
    /// The largest size of a layer, sequence or image that is accepted.
    public static let largestSize = 1 << 16

    /// Requires that `condition` holds.
    public static func require(
        _ condition: Bool,
        _ key: String,
        _ expected: @autoclosure () -> String,
        found: @autoclosure () -> Any,
        remedy: @autoclosure () -> String? = nil
    ) throws(InvalidValue) {
        if !condition { throw InvalidValue(key, expected: expected(), found: found(), remedy: remedy()) }
    }

    /// Requires numbers in a closed range.
    public static func require<Number: Comparable>(
        _ numbers: KeyValuePairs<String, Number>,
        in range: ClosedRange<Number>
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            try require(
                range.contains(number),
                key,
                "in \(range.lowerBound) ... \(range.upperBound)",
                found: number
            )
        }
    }

    /// Requires numbers in a half-open range.
    public static func require<Number: Comparable>(
        _ numbers: KeyValuePairs<String, Number>,
        in range: Range<Number>
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            let expected = "at least \(range.lowerBound) and below \(range.upperBound)"
            try require(range.contains(number), key, expected, found: number)
        }
    }

    /// Requires whole numbers from `minimum` on.
    public static func require(
        _ numbers: KeyValuePairs<String, Int>,
        atLeast minimum: Int
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            try require(number >= minimum, key, "at least \(minimum)", found: number)
        }
    }

    /// Requires whole numbers up to `maximum`.
    public static func require(
        _ numbers: KeyValuePairs<String, Int>,
        atMost maximum: Int
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            try require(number <= maximum, key, "at most \(maximum)", found: number)
        }
    }

    /// Requires finite numbers from `minimum` on.
    public static func require(
        _ numbers: KeyValuePairs<String, Double>,
        atLeast minimum: Double
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            let expected = "a number from \(text(minimum)) on"
            try require(number >= minimum && number.isFinite, key, expected, found: number)
        }
    }

    /// Requires finite numbers above `limit`.
    public static func require(
        _ numbers: KeyValuePairs<String, Double>,
        above limit: Double
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            let expected = "a number above \(text(limit))"
            try require(number > limit && number.isFinite, key, expected, found: number)
        }
    }

    /// Requires positive multiples of `divisor`, which is `reason`: "'headCount' is 4".
    public static func require(
        _ numbers: KeyValuePairs<String, Int>,
        multipleOf divisor: Int,
        as reason: String
    ) throws(InvalidValue) {
        for (key, number) in numbers {
            let expected = "a multiple of \(divisor), as \(reason)"
            try require(number > 0 && number % divisor == 0, key, expected, found: number)
        }
    }

    /// Requires a list that is not empty, of numbers in `range`.
    public static func require(_ key: String, _ list: [Int], in range: ClosedRange<Int>) throws(InvalidValue)
    {
        try require(!list.isEmpty, key, "a list of at least one number", found: "[]")
        for (index, number) in list.enumerated() { try require(["\(key)[\(index)]": number], in: range) }
    }

    /// Requires a valid group of settings at `key`.
    public static func require(_ key: String, _ settings: some Validatable) throws(InvalidValue) {
        do {
            try settings.validate()
        } catch {
            throw error.inside(key)
        }
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
