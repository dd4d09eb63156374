import ArgumentParser
import PolicyProtocol

/// The mapping from a robot's observation keys to the policy's.
struct ObservationOptions: ParsableArguments {
    @Option(
        name: .customLong("rename"),
        help: """
            A robot's key and the policy's, ROBOT_KEY=POLICY_KEY: observation/image=observation/images/image. May be \
            repeated.
            """
    )
    var keys: [String] = []

    @Option(
        help:
            "A robot's keys whose numbers are concatenated to the state, with commas."
    )
    var state: String?

    @Option(help: "Instruction for requests that have none.")
    var prompt: String?

    func validate() throws { _ = try remapping() }

    /// The mapping of the options.
    ///
    /// - Throws: `ValidationError` that quotes what cannot be parsed.
    func remapping() throws -> ObservationRemapping {
        ObservationRemapping(
            keys: try keys.map(key),
            stateKeys: try stateKeys(),
            instruction: prompt
        )
    }

    private func key(_ text: String) throws -> ObservationRemapping.Key {
        let names = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError(
                "--rename: expected ROBOT_KEY=POLICY_KEY, such as observation/image=observation/images/image, found '\(text)'"
            )
        }
        return ObservationRemapping.Key(robot: names[0], policy: names[1])
    }

    private func stateKeys() throws -> [String] {
        guard let state else { return [] }
        let keys = state.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("--state: expected keys with commas between, found '\(state)'")
        }
        return keys
    }
}
