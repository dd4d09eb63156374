internal import LeRobot
internal import PolicyProtocol
internal import RobotTypes

/// Features that the frames of a recording have.
struct FrameSchema: Equatable, Sendable {
    /// Features by name, without bookkeeping.
    let features: [String: Feature]

    /// The features of a recording that goes on.
    init(features: [String: Feature]) { self.features = features }

    /// The features of a recording's first frame.
    ///
    /// - Throws: ``RecordingRefusal`` for a frame without an action, or with other than a name for every column.
    init(of message: StreamMessage, camera: (_ height: Int, _ width: Int) -> Feature) throws(RecordingRefusal)
    {
        guard message.values["action"] != nil else { throw Self.missing("action", "float32", message) }
        var features: [String: Feature] = [:]
        for (name, (_, value)) in message.values {
            switch value {
            case .image(let image): features[name] = camera(image.height, image.width)
            case .numbers(let numbers):
                let names = message.names[name]
                guard names == nil || names?.count == numbers.count else {
                    throw RecordingRefusal(
                        "names of \(name)",
                        expected: "\(numbers.count)",
                        found: "\(names?.count ?? 0)"
                    )
                }
                features[name] = Feature(dtype: numbers.dtype, shape: [numbers.count], names: names)
            }
        }
        self.features = features
    }

    /// The frame of a message.
    ///
    /// - Throws: ``RecordingRefusal`` that names the robot's key where the message does not fit the features.
    func frame(of message: StreamMessage, task: String) throws(RecordingRefusal) -> RecordedFrame {
        var frame = RecordedFrame(numbers: [:], task: task)
        for (name, feature) in features.sorted(by: { $0.key < $1.key }) {
            guard let (key, value) = message.values[name] else {
                throw Self.missing(name, Self.kind(of: feature), message)
            }
            let expected = "\(Self.kind(of: feature)), as in the recording so far"
            switch value {
            case .image(let image):
                guard feature.dtype == "video", (image.height, image.width) == feature.imageSize else {
                    throw RecordingRefusal(
                        key,
                        expected: expected,
                        found: "an image [\(image.height), \(image.width), 3]"
                    )
                }
                frame.images[name] = image
            case .numbers(let numbers):
                guard numbers.count == feature.dimension, let fitting = numbers.converted(to: feature.dtype)
                else {
                    let hint = feature.dtype == "int64" && numbers.dtype != "bool" ? "send whole numbers" : ""
                    throw RecordingRefusal(
                        key,
                        expected: expected,
                        found: "\(numbers.dtype) [\(numbers.count)]",
                        hint: hint
                    )
                }
                frame.numbers[name] = fitting
            }
        }
        if let other = message.values.filter({ features[$0.key] == nil }).min(by: { $0.key < $1.key }) {
            throw RecordingRefusal(
                "\(other.value.key): the recording has no feature '\(other.key)'; it has "
                    + features.keys.sorted().joined(separator: ", ")
            )
        }
        for (name, names) in message.names {
            guard let present = features[name]?.names, present != names else { continue }
            throw RecordingRefusal(
                "names of \(name)",
                expected: present.joined(separator: " "),
                found: names.joined(separator: " ")
            )
        }
        return frame
    }

    /// The observation as the metadata of a policy describe theirs.
    var wireValue: WireValue {
        var map = WireMap()
        for (name, feature) in features.sorted(by: { $0.key < $1.key }) {
            map[WireKey.feature(name)] = [
                "shape": .list(feature.shape.map { .integer(Int64($0)) }),
                "dtype": .string(feature.dtype == "video" ? "uint8" : feature.dtype),
            ]
        }
        return .map(map)
    }

    private static func missing(_ name: String, _ kind: String, _ message: StreamMessage) -> RecordingRefusal
    {
        let keys = message.values.values.map(\.key).sorted().joined(separator: ", ")
        return RecordingRefusal(
            "\(WireKey.feature(name)): is missing; expected \(kind); "
                + (keys.isEmpty ? "the message has no frame" : "keys present: \(keys)")
        )
    }

    private static func kind(of feature: Feature) -> String {
        feature.dtype == "video" ? "an image \(feature.shape)" : "\(feature.dtype) \(feature.shape)"
    }
}
