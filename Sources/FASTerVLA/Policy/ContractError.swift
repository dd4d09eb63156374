public import RobotTypes

/// An observation that a policy cannot use.
public struct ContractError: Error, Equatable, CustomStringConvertible {
    /// The part of the observation, for example `observation.state`.
    public let key: String

    /// What was expected and what was found.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(key): \(reason)" }

    /// Compares `observation` with `contract`.
    ///
    /// - Throws: The first part that does not fit.
    public static func check(_ observation: Observation, against contract: PolicyContract)
        throws(ContractError)
    {
        for camera in contract.cameras {
            guard let image = observation.images[camera.name] else {
                let present = observation.images.keys.sorted().joined(separator: ", ")
                throw ContractError(
                    key: camera.name,
                    reason: "is missing; present: \(present.isEmpty ? "none" : present)"
                )
            }
            guard (image.height, image.width) == (camera.height, camera.width) else {
                throw ContractError(
                    key: camera.name,
                    reason:
                        "expected \(camera.height) x \(camera.width) pixels, found \(image.height) x \(image.width)"
                )
            }
        }
        guard observation.state.count == contract.stateDimension else {
            throw ContractError(
                key: "observation.state",
                reason: "expected \(contract.stateDimension) values, found \(observation.state.count)"
            )
        }
        if let index = observation.state.firstIndex(where: { !$0.isFinite }) {
            throw ContractError(
                key: "observation.state",
                reason: "value \(index) is \(observation.state[index]), expected a finite number"
            )
        }
    }
}
