public import Backbones
public import RobotTypes

/// Where a policy's training gets its pictures: any frame of any camera, quickly, from any thread.
public protocol FrameSource: Sendable {
    /// Copies the frame with the dataset's index `frame` of the camera at `camera`, uint8 `[height, width, 3]`.
    func copyFrame(_ frame: Int, camera: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws
}

/// Demonstrations as a policy's training reads them: one example a recorded frame.
public struct PolicyExamples: Sendable {
    /// Codes of the chunks that start at the examples.
    public struct Codes: Sendable {
        /// `[n, count]`; -100 where a place lies wholly beyond the episode's end, or beyond a list's.
        public let values: [Int]

        /// Codes of a chunk.
        public let count: Int

        /// Wraps `values`, `[n, count]`.
        public init(values: [Int], count: Int) {
            self.values = values
            self.count = count
        }
    }

    /// Pictures of the cameras, in the order of the contract.
    public let cameras: [CompactBackbone.Configuration.Camera]

    /// Source of the pictures.
    public let frames: any FrameSource

    /// Frame of every example, `[n]`.
    public let frameIndices: [Int]

    /// Bins of every example's state, `[n, stateDimension]`.
    public let stateBins: [Int]

    /// Bins that a state value falls into.
    let stateBinCount: Int

    /// States to be foreseen at every example, normalised `[n, count · stateDimension]`; nil where there are none.
    let foreseen: [Float]?

    /// Where things are at every example, normalised `[n, M]`; nil where nothing says so.
    let environmentStates: [Float]?

    /// Of every camera: where things are in its pictures, `[n, things, 2]`, right and down, -1 to 1.
    let places: [[Float]]

    /// Length of the state.
    public let stateDimension: Int

    /// Text ids of the instructions.
    public let instructions: [[Int]]

    /// Which instruction an example follows, `[n]`.
    public let instructionIndices: [Int]

    /// The chunk that starts at every example, normalised.
    public let chunks: ActionChunks

    /// Its codes, for policies that predict codes.
    public let codes: Codes?

    /// Number of examples.
    public var count: Int { frameIndices.count }

    /// What tells these examples from others.
    var identity: [Float] { codes?.values.map(Float.init) ?? chunks.values }

    /// Creates examples from columns of equal length.
    public init(
        cameras: [CompactBackbone.Configuration.Camera],
        frames: any FrameSource,
        frameIndices: [Int],
        stateBins: [Int],
        stateDimension: Int,
        stateBinCount: Int,
        instructions: [String],
        instructionIndices: [Int],
        chunks: ActionChunks,
        codes: Codes?,
        foreseen: [Float]?,
        environmentStates: [Float]?,
        places: [[Float]]
    ) {
        precondition(stateBins.count == frameIndices.count * stateDimension, "one row of bins an example")
        precondition(chunks.count == frameIndices.count, "one chunk an example")
        precondition(
            codes.map { $0.values.count == frameIndices.count * $0.count } ?? true,
            "one row of codes an example"
        )
        self.cameras = cameras
        self.frames = frames
        self.frameIndices = frameIndices
        self.stateBins = stateBins
        self.stateDimension = stateDimension
        self.stateBinCount = stateBinCount
        self.instructions = instructions.map { ByteTokenizer().ids(for: $0) }
        self.instructionIndices = instructionIndices
        self.chunks = chunks
        self.codes = codes
        self.foreseen = foreseen
        self.environmentStates = environmentStates
        self.places = places
    }
}
