/// The page around a report's parts: head, contents, sections, and how to reproduce them.
struct Page {
    let title: String
    let subtitle: String
    let keyFigures: [RunReport.KeyFigure]
    /// The parts; those without a body are left out.
    let sections: [Section]
    /// Code that runs when the page is there; empty for a page without any.
    var script = ""

    init(
        title: String,
        subtitle: String,
        keyFigures: [RunReport.KeyFigure],
        sections: [Section]
    ) {
        self.title = title
        self.subtitle = subtitle
        self.keyFigures = keyFigures
        self.sections = sections.filter { !$0.body.isEmpty }
    }

    /// Stands where a chart has no value to show.
    static let nothing = "<p class=\"nothing\">no values</p>"

    /// The whole page.
    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="\(policy)">
        <title>\(title.escaped)</title>
        <style>\(Style.sheet)</style>
        </head>
        <body>
        <header>
        <h1>\(title.escaped)</h1>
        \(paragraph(subtitle, style: "subtitle"))
        \(figures)
        \(contents)
        </header>
        <main>
        \(sections.map(markup).joined(separator: "\n"))
        </main>
        \(script.isEmpty ? "" : "<script>\(script)</script>")
        </body>
        </html>

        """
    }

    /// Content security policy: the browser loads nothing from outside the page.
    private var policy: String {
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
            + (script.isEmpty ? "" : "; script-src 'unsafe-inline'")
    }

    /// A part of the page under a heading.
    struct Section {
        let anchor: String
        let title: String
        var introduction = ""
        /// Markup.
        let body: String

        /// Section with the facts behind the page's numbers and the commands that reproduce them.
        static func reproduction(facts: [(name: String, value: String)], commands: [String]) -> Section {
            let items = facts.map { "<div><dt>\($0.name.escaped)</dt><dd>\($0.value.escaped)</dd></div>" }
            let list = facts.isEmpty ? "" : "<dl class=\"facts\">\(items.joined(separator: "\n"))</dl>"
            let text = commands.joined(separator: "\n").escaped
            return Section(
                anchor: "reproduction",
                title: "Reproduction",
                body: list + (text.isEmpty ? "" : "<pre tabindex=\"0\"><code>\(text)</code></pre>")
            )
        }
    }

    private func markup(_ section: Section) -> String {
        """
        <section id="\(section.anchor)">
        <h2>\(section.title.escaped)</h2>
        \(paragraph(section.introduction, style: "introduction"))
        \(section.body)
        </section>
        """
    }

    private func paragraph(_ text: String, style: String) -> String {
        text.isEmpty ? "" : "<p class=\"\(style)\">\(text.escaped)</p>"
    }

    private var contents: String {
        guard sections.count > 1 else { return "" }
        let links = sections.map { "<a href=\"#\($0.anchor)\">\($0.title.escaped)</a>" }
        return "<nav aria-label=\"Contents\">\(links.joined(separator: "\n"))</nav>"
    }

    private var figures: String {
        guard !keyFigures.isEmpty else { return "" }
        let items = keyFigures.map { figure in
            """
            <div><dt>\(figure.label.escaped)</dt><dd><b>\(figure.value.escaped)</b>\
            \(figure.note.isEmpty ? "" : "<small>\(figure.note.escaped)</small>")</dd></div>
            """
        }
        return "<dl class=\"figures\">\(items.joined(separator: "\n"))</dl>"
    }

    /// Charts side by side.
    static func charts(_ figures: [String]) -> String {
        figures.isEmpty ? "" : "<div class=\"charts\">\n\(figures.joined(separator: "\n"))\n</div>"
    }
}
