import Foundation

extension String {
    /// The text escaped for elements and quoted attributes of HTML and XML.
    ///
    /// Control characters that XML forbids become the replacement character.
    var escaped: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\u{0}" ..< " ", "\u{7F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The markup with a chance to break the line behind every `_`, for elements without attributes that have one.
    var breakable: String { replacing("_", with: "_<wbr>") }

    /// The text in at most two lines of at most `count` characters, broken behind a space, `_` or `-` where there is one.
    func wrapped(to count: Int) -> [String] {
        guard self.count > count, count > 2 else { return [self] }
        let line = prefix(count)
        let end = line.lastIndex(where: { " _-".contains($0) }).map { index(after: $0) } ?? line.endIndex
        return [String(self[..<end]), String(self[end...]).shortened(to: count)]
    }

    /// The text, shortened in the middle to at most `count` characters.
    func shortened(to count: Int) -> String {
        guard self.count > count, count > 2 else { return self }
        let head = (count - 1) / 2
        return prefix(head) + "…" + suffix(count - 1 - head)
    }
}

extension Double {
    /// The number to three significant digits as a reader writes it; a dash where it is not finite.
    var readable: String {
        guard isFinite else { return "–" }
        guard self != 0 else { return "0" }
        let size = magnitude
        if size >= 1e7 || size < 1e-3 { return scientific }
        if self == rounded() { return fixed(0) }
        let digits = Swift.max(0, 2 - Int(log10(size).rounded(.down)))
        return fixed(digits)
    }

    /// The fraction as per cent: `0.934` is `93.4 %`; a dash where it is not finite.
    var percent: String {
        guard isFinite else { return "–" }
        let value = self * 100
        let digits = (value * 10).rounded() == value.rounded() * 10 ? 0 : 1
        return value.fixed(digits) + "\u{202F}%"
    }

    /// The number with `digits` decimals, a true minus sign, and thousands set apart.
    func fixed(_ digits: Int) -> String {
        guard isFinite else { return "–" }
        var text = String(format: "%.\(digits)f", locale: Locale(identifier: "en_US_POSIX"), magnitude)
        let whole = text.prefix { $0 != "." }
        if whole.count > 4 {
            let grouped = whole.reversed().enumerated()
                .map { ($0.offset > 0 && $0.offset % 3 == 0 ? "\u{202F}" : "", $0.element) }
                .reversed().map { "\($0.1)\($0.0)" }.joined()
            text = grouped + text.dropFirst(whole.count)
        }
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        return (self < 0 && !isZero ? "−" : "") + text
    }

    /// The number as mantissa and power of ten, such as `2.5·10⁻⁵`.
    private var scientific: String {
        // A denormal's power underflows; no reader tells it from zero.
        guard magnitude > 1e-300 else { return "0" }
        var power = Int(log10(magnitude).rounded(.down))
        var mantissa = self / pow(10, Double(power))
        if (mantissa.magnitude * 100).rounded() >= 1000 { (mantissa, power) = (mantissa / 10, power + 1) }
        let text = mantissa.fixed(2)
        let digits = text.hasSuffix(".00") ? String(text.dropLast(3)) : text
        let raised = String(power).map { Self.superscripts[$0] ?? "" }.joined()
        return (digits == "1" ? "" : digits == "−1" ? "−" : digits + "·") + "10" + raised
    }

    private static let superscripts: [Character: String] = [
        "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸",
        "9": "⁹",
    ]
}
