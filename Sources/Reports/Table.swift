/// Rows under a header: the first column names, the others hold numbers.
struct Table {
    /// One cell: its text, and whether it is the best of its column.
    struct Cell {
        var text: String
        var isBest = false
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
                    ? "<th scope=\"row\">\(cell.text.escaped)</th>"
                    : "<td\(cell.isBest ? " class=\"best\"" : "")>\(cell.text.escaped)</td>"
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
