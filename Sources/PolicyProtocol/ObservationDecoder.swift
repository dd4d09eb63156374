public import RobotTypes

/// Turns openpi's observation messages into what a policy was trained to see.
public struct ObservationDecoder: Sendable {
    private let contract: PolicyContract
    private let cameraKeys: [String]

    /// Creates a decoder of the observations that `contract` describes.
    public init(contract: PolicyContract) {
        self.contract = contract
        cameraKeys = contract.cameras.map { WireKey.feature($0.name) }
    }

    /// Reads an observation; keys that the policy does not need are ignored.
    ///
    /// Images are uint8, or floating-point in 0 ... 1, `[height, width, 3]` or `[3, height, width]`, of any size:
    /// another size than the policy's is scaled to fit and padded with black. The state may have any number
    /// type.
    ///
    /// - Throws: ``ObservationError`` that names the key, what was expected and what was found.
    public func observation(from message: WireValue) throws(ObservationError) -> Observation {
        guard let map = message.map else { throw .notAMap(found: message.kind) }
        var images: [String: Image] = [:]
        for (camera, key) in zip(contract.cameras, cameraKeys) {
            let expected = "an image, uint8 [\(camera.height), \(camera.width), 3]"
            let value = try value(key, expected, in: map)
            guard let array = value.array else {
                throw .mismatch(key: key, expected: expected, found: value.kind)
            }
            images[camera.name] = try ImageDecoder(key: key, array: array).image(fitting: camera)
        }
        return Observation(images: images, state: try state(in: map), instruction: try instruction(in: map))
    }

    private func instruction(in map: WireMap) throws(ObservationError) -> String {
        let expected = "the task as text"
        let value = try value(WireKey.instruction, expected, in: map)
        guard let text = value.string else {
            throw .mismatch(key: WireKey.instruction, expected: expected, found: value.kind)
        }
        return text
    }

    private func state(in map: WireMap) throws(ObservationError) -> [Float] {
        let dimension = contract.stateDimension
        guard dimension > 0 else { return [] }
        let expected = "a state vector, float32 [\(dimension)]"
        let value = try value(WireKey.state, expected, in: map)
        let numbers: [Float]
        switch value {
        case .array(let array) where array.shape == [dimension]: numbers = array.floats()
        case .list(let values) where values.count == dimension && values.allSatisfy { $0.number != nil }:
            numbers = values.map { Float($0.number ?? .nan) }
        default: throw .mismatch(key: WireKey.state, expected: expected, found: value.kind)
        }
        if let index = numbers.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(key: WireKey.state, index: [index], value: numbers[index])
        }
        return numbers
    }

    private func value(
        _ key: String,
        _ expected: String,
        in map: WireMap
    ) throws(ObservationError) -> WireValue {
        guard let value = map[key] else { throw .missing(key: key, expected: expected, present: map.keys) }
        return value
    }
}
