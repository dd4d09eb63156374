import ArgumentParser
import Foundation

/// A policy that is served, with its name among several.
struct ServedPolicy: Equatable {
    /// nil for the only one.
    let name: String?
    let folder: String

    /// Reads `FOLDER`, or `NAME=FOLDER` for each of several.
    ///
    /// - Throws: `ValidationError` that quotes what cannot be parsed.
    static func parse(_ texts: [String]) throws -> [ServedPolicy] {
        let policies = try texts.map(parse)
        let names = policies.compactMap(\.name)
        guard names.count == policies.count || policies.count == 1 else {
            let nameless = policies.first { $0.name == nil }?.folder ?? ""
            throw ValidationError(
                "--policy: expected NAME=FOLDER for each of several policies, found '\(nameless)'"
            )
        }
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("--policy: '\(twice)' is the name of two policies")
        }
        return policies
    }

    private static func parse(_ text: String) throws -> ServedPolicy {
        // A folder may have the character in its name.
        guard let separator = text.firstIndex(of: "="),
            !FileManager.default.fileExists(atPath: text.asFile.path)
        else { return ServedPolicy(name: nil, folder: text) }
        let (name, folder) = (text[..<separator], text[text.index(after: separator)...])
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard isName, !name.isEmpty, name != "healthz", !folder.isEmpty else {
            throw ValidationError(
                "--policy: expected NAME=FOLDER with a NAME of letters, digits, '-', '_' and '.', other than 'healthz', "
                    + "found '\(text)'"
            )
        }
        return ServedPolicy(name: String(name), folder: String(folder))
    }
}
