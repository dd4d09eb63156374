public import RobotTypes

/// Decodes openpi's observation messages by a policy's contract.
public struct ObservationDecoder: Sendable {
    private let contract: PolicyContract
    private let cameraKeys: [String]
    private let remapping: ObservationRemapping
    /// The robot's keys, by the policy's.
    private let robotKeys: [String: String]

    /// Creates a decoder of the observations that `contract` describes.
    public init(contract: PolicyContract) {
        self.init(contract, ObservationRemapping())
    }

    /// Creates a decoder of the observations that `contract` describes, under a robot's keys.
    ///
    /// A value that a message lacks under the robot's key is looked up under the policy's.
    ///
    /// - Throws: ``ObservationRemappingError`` for a key that the policy lacks, or two robot keys of one policy key.
    public init(contract: PolicyContract, remapping: ObservationRemapping) throws(ObservationRemappingError) {
        try remapping.check(contract)
        self.init(contract, remapping)
    }

    private init(_ contract: PolicyContract, _ remapping: ObservationRemapping) {
        self.contract = contract
        self.remapping = remapping
        cameraKeys = contract.cameras.map { WireKey.feature($0.name) }
        robotKeys = Dictionary(remapping.keys.map { ($0.policy, $0.robot) }) { $1 }
    }

    /// Reads an observation; keys that the policy does not need are ignored.
    ///
    /// Images are uint8, or floating-point in 0 ... 1, `[height, width, 3]` or `[3, height, width]`, of any size:
    /// another size than the policy's is scaled to fit and padded with black. The state may have any number
    /// type. Leading axes of length 1 are dropped: a batch of one is its element.
    ///
    /// - Throws: ``ObservationError`` that names the key, what was expected and what was found.
    public func observation(from message: WireValue) throws(ObservationError) -> Observation {
        guard let map = message.map else { throw .notAMap(found: message.kind) }
        var images: [String: Image] = [:]
        for (camera, key) in zip(contract.cameras, cameraKeys) {
            let expected = "an image, uint8 [\(camera.height), \(camera.width), 3]"
            let (name, value) = try value(key, expected, in: map)
            guard let array = value.array else {
                throw .mismatch(
                    key: name,
                    expected: expected,
                    found: value.kind,
                    hint: ImageHint(value).text
                )
            }
            images[camera.name] = try ImageDecoder(key: name, array: array).image(fitting: camera)
        }
        return Observation(images: images, state: try state(in: map), instruction: try instruction(in: map))
    }

    private func instruction(in map: WireMap) throws(ObservationError) -> String {
        let expected = "the task as text"
        if let fallback = remapping.instruction, entry(WireKey.instruction, in: map) == nil {
            return fallback
        }
        let (name, value) = try value(WireKey.instruction, expected, in: map)
        guard let text = value.string else {
            let hint =
                switch value {
                case .binary: "send text, not bytes: prompt.decode()"
                case .list, .texts: "send one text, without a list around it"
                default: ""
                }
            throw .mismatch(key: name, expected: expected, found: value.kind, hint: hint)
        }
        return text
    }

    private func state(in map: WireMap) throws(ObservationError) -> [Float] {
        let dimension = contract.stateDimension
        guard dimension > 0 else { return [] }
        // A client that follows the metadata sends the state whole, whatever the others do.
        let isWhole = map[WireKey.state] != nil && remapping.stateKeys.allSatisfy { map[$0] == nil }
        guard remapping.stateKeys.isEmpty || isWhole else { return try joinedState(in: map) }
        let expected = "a state vector, float32 [\(dimension)]"
        let (name, value) = try value(WireKey.state, expected, in: map)
        guard let numbers = value.vector(atMost: dimension), numbers.count == dimension else {
            let names = contract.stateNames.map { "its numbers: \(ObservationError.list($0))" }
            throw .mismatch(key: name, expected: expected, found: value.kind, hint: names ?? "")
        }
        try check(numbers, name)
        return numbers
    }

    /// The state of a client that sends it in parts.
    private func joinedState(in map: WireMap) throws(ObservationError) -> [Float] {
        let dimension = contract.stateDimension
        let expected = "a part of the state, a number or at most \(dimension)"
        var parts: [[Float]] = []
        for key in remapping.stateKeys {
            guard let value = map[key] else {
                throw .missing(key: key, expected: expected, present: map.keys)
            }
            guard let numbers = value.vector(atMost: dimension) ?? value.number.map({ [Float($0)] }) else {
                throw .mismatch(key: key, expected: expected, found: value.kind)
            }
            try check(numbers, key)
            parts.append(numbers)
        }
        let state = parts.flatMap(\.self)
        guard state.count == dimension else {
            throw .mismatch(
                key: remapping.stateKeys.joined(separator: ", "),
                expected: "a state of \(dimension) numbers in all",
                found: parts.map { "\($0.count)" }.joined(separator: " + ")
            )
        }
        return state
    }

    private func check(_ numbers: [Float], _ key: String) throws(ObservationError) {
        guard let index = numbers.firstIndex(where: { !$0.isFinite }) else { return }
        throw .notFinite(key: key, index: [index], value: numbers[index])
    }

    /// The message's value under the robot's key for the policy's `key`, or else under `key` itself.
    private func entry(_ key: String, in map: WireMap) -> (name: String, value: WireValue)? {
        for name in [robotKeys[key] ?? key, key] {
            if let value = map[name] { return (name, value) }
        }
        return nil
    }

    private func value(
        _ key: String,
        _ expected: String,
        in map: WireMap
    ) throws(ObservationError) -> (name: String, value: WireValue) {
        guard let found = entry(key, in: map) else {
            throw .missing(key: robotKeys[key] ?? key, expected: expected, present: map.keys)
        }
        return found
    }
}

extension WireValue {
    /// The numbers of a list, or of an array of one axis or none, where leading axes of length 1 do not count; nil of more than
    /// `limit`, and of anything else.
    fileprivate func vector(atMost limit: Int) -> [Float]? {
        switch self {
        case .array(let array) where array.shape.dropLast().allSatisfy { $0 == 1 } && array.count <= limit:
            return array.floats()
        case .list(let values) where values.count == 1 && values[0].number == nil:
            return values[0].vector(atMost: limit)
        case .list(let values) where values.count <= limit:
            let numbers = values.compactMap(\.number)
            return numbers.count == values.count ? numbers.map { Float($0) } : nil
        default: return nil
        }
    }
}
