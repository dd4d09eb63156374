internal import LeRobot
internal import PolicyProtocol
internal import RobotTypes

/// An episode in a simulator's message.
struct Demonstration: Sendable {
    /// The simulator's name of the task.
    let taskName: String
    /// The language instruction.
    let instruction: String
    /// Index of the episode within its task.
    let index: Int
    /// An image for every step, by the camera's name in the dataset.
    let frames: [String: [Image]]
    /// The state at every step.
    let states: [[Float]]
    /// The object poses at every step; empty where the simulator sends none.
    let environmentStates: [[Float]]
    /// The expert's action at every step, without the noise.
    let actions: [[Float]]

    /// Reads a message.
    ///
    /// - Throws: ``RecordingError`` that names the key.
    init(_ message: WireValue) throws(RecordingError) {
        guard let map = message.map, map["record"]?.string == "episode" else {
            let found = message.map.map { $0["record"]?.kind ?? "nothing" } ?? message.kind
            throw RecordingError(description: "record: expected 'episode', found \(found)")
        }
        taskName = try Self.text("task", in: map)
        instruction = try Self.text(WireKey.instruction, in: map)
        guard let index = map["index"]?.number.flatMap(Int.init(exactly:)) else {
            throw RecordingError(
                description: "index: expected a whole number, found \(map["index"]?.kind ?? "nothing")"
            )
        }
        self.index = index
        states = try Self.rows(WireKey.feature(DatasetInfo.state), in: map)
        let key = WireKey.feature(DatasetInfo.environmentState)
        environmentStates = map[key] == nil ? [] : try Self.rows(key, in: map)
        actions = try Self.rows("action", in: map)
        var frames: [String: [Image]] = [:]
        for (camera, value) in map["images"]?.map?.entries ?? [] {
            frames["observation.images.\(camera)"] = try Self.images(value, camera: camera)
        }
        self.frames = frames
    }

    private static func text(_ key: String, in map: WireMap) throws(RecordingError) -> String {
        guard let text = map[key]?.string else {
            throw RecordingError(description: "\(key): expected text, found \(map[key]?.kind ?? "nothing")")
        }
        return text
    }

    /// The rows of an array `[n, columns]` of at least one column.
    static func rows(_ key: String, in map: WireMap) throws(RecordingError) -> [[Float]] {
        guard let array = map[key]?.array, array.shape.count == 2, array.shape[1] > 0 else {
            throw RecordingError(
                description: "\(key): expected an array [n, columns], found \(map[key]?.kind ?? "nothing")"
            )
        }
        let (values, columns) = (array.floats(), array.shape[1])
        return (0 ..< array.shape[0]).map { Array(values[$0 * columns ..< ($0 + 1) * columns]) }
    }

    private static func images(_ value: WireValue, camera: String) throws(RecordingError) -> [Image] {
        guard let array = value.array, array.shape.count == 4, array.shape[3] == 3,
            array.elementType == .uint8, !array.shape.contains(0)
        else {
            throw RecordingError(
                description: "images/\(camera): expected uint8 [n, height, width, 3], found \(value.kind)"
            )
        }
        let (height, width) = (array.shape[1], array.shape[2])
        let size = height * width * 3
        return (0 ..< array.shape[0]).map {
            Image(width: width, height: height, pixels: Array(array.data[$0 * size ..< ($0 + 1) * size]))
        }
    }
}
