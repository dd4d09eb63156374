/// The inputs of a policy at one instant.
public struct Observation: Equatable, Sendable {
    /// The newest image of every camera, by the camera's name in the dataset
    /// (`observation.images.corner2`).
    public let images: [String: Image]

    /// Proprioception in the robot's own units, `[stateDimension]`.
    public let state: [Float]

    /// The language instruction, for example "put the mug on the plate".
    public let instruction: String

    /// The options of the prediction.
    public var options: PredictionOptions

    /// Creates an observation from its parts.
    public init(
        images: [String: Image],
        state: [Float],
        instruction: String,
        options: PredictionOptions = PredictionOptions()
    ) {
        self.images = images
        self.state = state
        self.instruction = instruction
        self.options = options
    }
}
