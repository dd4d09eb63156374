internal import Support

extension InvalidValue {
    /// Throws what configurations that still describe their problems in a sentence say.
    static func rethrow(_ problem: String?, inside group: String? = nil) throws(InvalidValue) {
        guard let problem else { return }
        let halves = problem.split(separator: "' should be ", maxSplits: 1)
        let rest = halves.last?.split(separator: ", found ", maxSplits: 1) ?? []
        let error = InvalidValue(
            String(halves.first?.dropFirst() ?? ""),
            expected: String(rest.first ?? ""),
            found: rest.count > 1 ? String(rest[1]) : ""
        )
        throw group.map(error.inside) ?? error
    }
}
