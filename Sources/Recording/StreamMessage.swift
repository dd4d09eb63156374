internal import Foundation
internal import LeRobot
internal import PolicyProtocol
internal import RobotTypes

/// A robot's message to `faster data record`.
struct StreamMessage: Sendable {
    /// A value of a frame.
    enum Value: Sendable {
        case numbers(FrameValues)
        case image(Image)
    }

    /// Values of the frame by the dataset's feature, with the robot's keys; none in a message that only ends an episode.
    let values: [String: (key: String, value: Value)]

    /// The instruction, where the message has one.
    let task: String?

    let endsEpisode: Bool
    let discardsEpisode: Bool

    /// The robot's number of the episode.
    let episodeIndex: Int?

    /// The robot's time of the observation, seconds.
    let observationTime: Double?

    /// Names of columns by feature.
    let names: [String: [String]]

    /// Keys that are not recorded, as they hold neither numbers nor images.
    let ignoredKeys: [String]

    /// Reads a message; maps inside it are read as if their keys were joined by `/`.
    ///
    /// - Throws: ``RecordingRefusal`` that names the key.
    init(_ message: WireValue) throws(RecordingRefusal) {
        guard let map = message.map else {
            throw RecordingRefusal("message", expected: "a map of named values", found: message.kind)
        }
        var values: [String: (key: String, value: Value)] = [:]
        var ignored: [String] = []
        for (key, value) in Self.flattened(map) where !StreamKey.others.contains(key) {
            guard let (feature, read) = try Self.read(key, value) else {
                ignored.append(key)
                continue
            }
            if let other = values[feature]?.key {
                throw RecordingRefusal(
                    "'\(other)' and '\(key)' are both the feature '\(feature)'; send one of them"
                )
            }
            values[feature] = (key, read)
        }
        self.values = values
        ignoredKeys =
            ignored + ["timestamp", StreamKey.frameIndex, "index", "task_index"].filter { map[$0] != nil }
        let prompt = try Self.text(WireKey.instruction, in: map)
        let task = try Self.text(StreamKey.task, in: map)
        self.task = prompt ?? task
        endsEpisode = try Self.flag(StreamKey.episodeEnd, in: map)
        discardsEpisode = try Self.flag(StreamKey.episodeDiscard, in: map)
        episodeIndex = try Self.number(StreamKey.episodeIndex, "a whole number", in: map) {
            Int(exactly: $0)
        }
        observationTime = try Self.number(WireKey.observationTime, "seconds", in: map) {
            $0.isFinite ? $0 : nil
        }
        var names: [String: [String]] = [:]
        for (key, feature) in [(StreamKey.actionNames, "action"), (StreamKey.stateNames, DatasetInfo.state)] {
            guard let value = map[key], value != .null else { continue }
            names[feature] = try Self.names(value, key)
        }
        self.names = names
        guard !values.isEmpty || endsEpisode || discardsEpisode else {
            throw RecordingRefusal(
                "message: expected a frame (arrays, with 'action'), '\(StreamKey.episodeEnd)' or "
                    + "'\(StreamKey.episodeDiscard)', found none of them"
            )
        }
    }

    private static func flattened(_ map: WireMap) -> [(key: String, value: WireValue)] {
        map.entries.flatMap { key, value -> [(key: String, value: WireValue)] in
            guard case .map(let inner) = value else { return [(key, value)] }
            return flattened(inner).map { ("\(key)/\($0.key)", $0.value) }
        }
    }

    // MARK: - Values

    /// The feature and value under a key; nil for a value that is not recorded.
    private static func read(_ key: String, _ value: WireValue) throws(RecordingRefusal) -> (String, Value)? {
        if let image = try image(key, value) {
            guard image.width % 2 == 0, image.height % 2 == 0 else {
                throw RecordingRefusal(
                    key,
                    expected: "an image of even width and height, as videos have them",
                    found: "\(image.width)x\(image.height)",
                    hint: "crop it: image[:\(image.height & ~1), :\(image.width & ~1)]"
                )
            }
            return (try named(StreamKey.cameraFeature(key), key), .image(image))
        }
        guard var numbers = try numbers(key, value) else { return nil }
        let feature = try named(StreamKey.numericFeature(key), key)
        guard numbers.count > 0 else {
            throw RecordingRefusal(key, expected: "at least one number", found: value.kind)
        }
        if let index = numbers.firstNotFinite {
            throw RecordingRefusal(
                "\(key): element \(index) is not a finite number; the frame was not recorded"
            )
        }
        // Policies are trained on one type, whatever the robot computes in.
        if ["action", DatasetInfo.state, DatasetInfo.environmentState].contains(feature) {
            guard let floats = numbers.converted(to: "float32"), floats.firstNotFinite == nil else {
                throw RecordingRefusal(key, expected: "numbers that float32 can hold", found: value.kind)
            }
            numbers = floats
        }
        return (feature, .numbers(numbers))
    }

    private static func named(_ name: String?, _ key: String) throws(RecordingRefusal) -> String {
        guard let name else {
            throw RecordingRefusal("'\(key.prefix(100))' cannot be the name of a feature")
        }
        return name
    }

    /// The image of a value; nil where it is none.
    private static func image(_ key: String, _ value: WireValue) throws(RecordingRefusal) -> Image? {
        switch value {
        case .binary(let bytes): return try decoded(bytes, key, value)
        case .array(let array):
            let shape = Array(array.shape.drop { $0 == 1 })
            let isByte = array.elementType == .uint8
            if isByte, shape.count <= 2,
                array.data.starts(with: [0xFF, 0xD8, 0xFF])
                    || array.data.starts(with: [0x89, 0x50, 0x4E, 0x47])
            {
                return try decoded(array.data, key, value)
            }
            guard !isDepth(key, array) else {
                throw RecordingRefusal(
                    key,
                    expected: "a vector, or an image",
                    found: value.kind,
                    hint:
                        "depth images are not recorded, leave '\(key)' out; send other matrices as vectors: "
                        + "array.reshape(-1)"
                )
            }
            let isCamera = key.split { $0 == "/" || $0 == "." }.dropLast().contains("images")
            guard isCamera || shape.count >= 2 && array.shape.count >= 3 else { return nil }
            do { return try array.image(key: key) } catch { throw RecordingRefusal("\(error)") }
        default: return nil
        }
    }

    /// Returns true for what may be an image of distances: one channel of more than bytes, or that is named so.
    private static func isDepth(_ key: String, _ array: NDArray) -> Bool {
        let isNamed = key.split(separator: "/").last?.lowercased().contains("depth") ?? false
        let isWide = array.elementType.kind == .unsigned && array.elementType.size > 1
        return array.shape.filter { $0 > 1 }.count == 2 && (isWide || isNamed && array.elementType != .uint8)
    }

    private static func decoded(_ bytes: [UInt8], _ key: String, _ value: WireValue) throws(RecordingRefusal)
        -> Image
    {
        do { return try decodeImageFile(Data(bytes), name: key) } catch {
            throw RecordingRefusal("\(error)")
        }
    }

    /// The numbers of a value; nil of text and other values that are not recorded.
    private static func numbers(_ key: String, _ value: WireValue) throws(RecordingRefusal) -> FrameValues? {
        switch value {
        case .boolean(let value): return .booleans([value])
        case .integer(let value): return .integers([Int(value)])
        case .double(let value): return .doubles([value])
        case .list(let values):
            if values.allSatisfy({ $0.number != nil }), !values.isEmpty {
                let whole = values.compactMap { value -> Int? in
                    if case .integer(let number) = value { Int(number) } else { nil }
                }
                return whole.count == values.count ? .integers(whole) : .doubles(values.compactMap(\.number))
            }
            guard values.allSatisfy({ $0.string == nil }) else { return nil }
            throw RecordingRefusal(key, expected: "numbers", found: value.kind, hint: "send np.asarray(...)")
        case .array(let array):
            guard array.shape.dropLast().allSatisfy({ $0 == 1 }) else {
                throw RecordingRefusal(
                    key,
                    expected: "a vector, or an image",
                    found: value.kind,
                    hint: array.shape.count == 2 && array.elementType == .uint8
                        ? value.imageHint : "send it as a vector: array.reshape(-1)"
                )
            }
            switch (array.elementType.kind, array.elementType.size) {
            case (.boolean, _): return .booleans(array.data.map { $0 != 0 })
            case (.float, 8): return .doubles(array.doubles())
            case (.float, _): return .floats(array.floats())
            default: return array.integers().map(FrameValues.integers) ?? .doubles(array.doubles())
            }
        default: return nil
        }
    }

    // MARK: - Other keys

    private static func text(_ key: String, in map: WireMap) throws(RecordingRefusal) -> String? {
        guard let value = map[key], value != .null else { return nil }
        guard let text = value.string else {
            throw RecordingRefusal(key, expected: "the task as text", found: value.kind)
        }
        return text
    }

    private static func flag(_ key: String, in map: WireMap) throws(RecordingRefusal) -> Bool {
        switch map[key] {
        case nil, .null: return false
        case .boolean(let value): return value
        case .integer(let value) where value == 0 || value == 1: return value == 1
        case .array(let array) where array.count == 1 && array.elementType.kind == .boolean:
            return array.data[0] != 0
        case let value:
            throw RecordingRefusal(key, expected: "True or False", found: value?.kind ?? "nothing")
        }
    }

    private static func number<Number>(
        _ key: String,
        _ expected: String,
        in map: WireMap,
        _ read: (Double) -> Number?
    ) throws(RecordingRefusal) -> Number? {
        guard let value = map[key], value != .null else { return nil }
        guard let number = value.number.flatMap(read) else {
            throw RecordingRefusal(key, expected: expected, found: value.kind)
        }
        return number
    }

    private static func names(_ value: WireValue, _ key: String) throws(RecordingRefusal) -> [String] {
        let texts: [String?] =
            switch value {
            case .list(let values): values.map(\.string)
            case .texts(let texts, _): texts
            default: [nil]
            }
        let names = texts.compactMap(\.self)
        guard names.count == texts.count, Set(names).count == names.count else {
            throw RecordingRefusal(key, expected: "a list of different names", found: value.kind)
        }
        return names
    }
}
