public import RobotTypes

extension Observation {
    /// The observation with its options as a client sends it; ``ObservationDecoder`` and `PredictionOptions(of:)` read it.
    ///
    /// Images are uint8 `[height, width, 3]`, the state float32 `[stateDimension]`; an empty state is left out.
    public var message: WireValue {
        var map = WireMap()
        for (name, image) in images.sorted(by: { $0.key < $1.key }) {
            map[WireKey.feature(name)] = .array(
                NDArray(shape: [image.height, image.width, 3], bytes: image.pixels)
            )
        }
        if !state.isEmpty { map[WireKey.state] = .array(NDArray(shape: [state.count], values: state)) }
        map[WireKey.instruction] = .string(instruction)
        if let deadline = options.deadline { map[WireKey.deadline] = .double(deadline.milliseconds) }
        if let seed = options.seed { map[WireKey.seed] = .integer(Int64(bitPattern: seed)) }
        if let chunk = options.committedActions {
            map[WireKey.committedActions] = .array(
                NDArray(shape: [chunk.horizon, chunk.dimension], values: chunk.values)
            )
        }
        return .map(map)
    }
}
