/// Rows under a header: the first column names, the others hold numbers.
struct Table {
    /// One cell: its text, a remark under it, a mark of the best in its column, and a style class.
    struct Cell {
        var text: String
        var note = ""
        var isBest = false
        var style = ""

        fileprivate var content: String {
            text.escaped + (note.isEmpty ? "" : "<small>\(note.escaped)</small>")
        }

        fileprivate var attribute: String {
            let classes = [isBest ? "best" : "", style].filter { !$0.isEmpty }
            return classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
        }
    }

    let caption: String
    let header: [String]
    let rows: [[Cell]]

    /// The table as an element that scrolls sideways where the screen is too narrow.
    var markup: String {
        let head = header.map { "<th scope=\"col\">\($0.escaped)</th>" }.joined()
        let body = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == 0
                    ? "<th scope=\"row\"\(cell.attribute)>\(cell.content.breakable)</th>"
                    : "<td\(cell.attribute)>\(cell.content)</td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        return """
            <figure class="table"><figcaption>\(caption.escaped)</figcaption>
            <div class="scroll" tabindex="0"><table>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body.joined(separator: "\n"))
            </tbody></table></div></figure>
            """
    }
}
