import ArgumentParser
import PolicyProtocol

/// How robots call what a policy sees.
struct ObservationOptions: ParsableArguments {
    @Option(
        name: .customLong("rename"),
        help: """
            What robots call something, and what the policy does: observation/image=observation/images/image. May be \
            repeated.
            """
    )
    var renamings: [String] = []

    @Option(
        help:
            "Keys whose numbers, one after the other, are the state of robots that send it in parts, with commas."
    )
    var state: String?

    @Option(help: "Instruction for requests that have none.")
    var prompt: String?

    func validate() throws { _ = try names() }

    /// The options in the protocol's terms.
    ///
    /// - Throws: `ValidationError` that quotes what cannot be read.
    func names() throws -> ObservationNames {
        ObservationNames(
            renamings: try renamings.map(renaming),
            stateParts: try stateParts(),
            instruction: prompt
        )
    }

    private func renaming(_ text: String) throws -> ObservationNames.Renaming {
        let names = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError(
                "--rename: expected THEIRS=OURS, such as observation/image=observation/images/image, found '\(text)'"
            )
        }
        return ObservationNames.Renaming(theirs: names[0], ours: names[1])
    }

    private func stateParts() throws -> [String] {
        guard let state else { return [] }
        let keys = state.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("--state: expected keys with commas between, found '\(state)'")
        }
        return keys
    }
}
