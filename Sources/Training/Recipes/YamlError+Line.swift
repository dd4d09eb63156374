internal import Yams

extension YamlError {
    /// The error in one line, with its place in the text.
    var line: String {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "line \(context.mark.line), column \(context.mark.column): the key '\(duplicates.first ?? "")' occurs twice"
        default: "\(self)"
        }
    }
}
