/// Names beside their colours.
enum Legend {
    /// The style class of the series at `index`; colours repeat, with dashes, after the eighth.
    static func style(_ index: Int) -> String {
        "c\(index % 8)" + (index >= 8 ? " dashed" : "")
    }

    /// The legend of series in drawing order; empty for fewer than two.
    static func markup(of names: [String]) -> String {
        markup(of: names.enumerated().map { (name: $1, style: style($0)) })
    }

    /// The legend of lines with styles of their own; empty for fewer than two.
    static func markup(of lines: [(name: String, style: String)]) -> String {
        guard lines.count > 1 else { return "" }
        let items = lines.map { name, style in
            """
            <li><svg viewBox="0 0 18 10" width="18" height="10" aria-hidden="true">\
            <line class="line \(style)" x1="1" y1="5" x2="17" y2="5"/></svg>\(name.escaped)</li>
            """
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }
}
