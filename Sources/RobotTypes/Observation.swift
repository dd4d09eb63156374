/// What a robot knows at one instant.
public struct Observation: Equatable, Sendable {
    /// The newest picture of every camera, by the camera's name in the dataset
    /// (`observation.images.corner2`).
    public let images: [String: Image]

    /// Proprioception in the robot's own units, `[stateDimension]`.
    public let state: [Float]

    /// The task in plain words, for example "put the mug on the plate".
    public let instruction: String

    /// What it asks of its answer.
    public var options: AnswerOptions

    /// Creates an observation from its parts.
    public init(
        images: [String: Image],
        state: [Float],
        instruction: String,
        options: AnswerOptions = AnswerOptions()
    ) {
        self.images = images
        self.state = state
        self.instruction = instruction
        self.options = options
    }
}
