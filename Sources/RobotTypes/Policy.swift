/// Anything that looks at a robot and proposes how to move.
///
/// The server, the evaluation loop and the tests know policies only through this protocol, so they
/// build and run without libtorch.
public protocol Policy: Sendable {
    /// What the policy needs to see and what it answers with.
    var contract: PolicyContract { get }

    /// The next motion, given what the robot sees and was asked to do.
    ///
    /// - Parameter observation: The newest observation; it fulfils ``contract``.
    /// - Returns: A chunk in the robot's own units that starts at the time of `observation`.
    /// - Throws: Whatever keeps the policy from answering; the robot should then hold still.
    func act(on observation: Observation) async throws -> PolicyAnswer
}

/// The observation a policy accepts and the action it gives, in terms a stranger can check.
public struct PolicyContract: Codable, Equatable, Sendable {
    /// One camera's picture.
    public struct Camera: Codable, Equatable, Sendable {
        /// The camera's name in the dataset, for example `observation.images.corner2`.
        public var name: String

        /// Rows that the policy was trained on.
        public var height: Int

        /// Columns that the policy was trained on.
        public var width: Int

        /// Creates the description of one camera.
        public init(name: String, height: Int, width: Int) {
            self.name = name
            self.height = height
            self.width = width
        }
    }

    /// Cameras, in the order that the policy reads them.
    public var cameras: [Camera]

    /// Length of the state vector; 0 where the policy uses none.
    public var stateDimension: Int

    /// Control steps of an answered chunk.
    public var horizon: Int

    /// What the columns of an action mean.
    public var actionSpace: ActionSpace

    /// Control steps a second.
    public var framesPerSecond: Double

    /// Most actions that the policy can be told to go on from (``AnswerOptions/pending``); the weights decide, so it is not
    /// a part of the contract on disk.
    public var pendingSteps = 0

    private enum CodingKeys: String, CodingKey {
        case cameras, stateDimension, horizon, actionSpace, framesPerSecond
    }

    /// Creates a contract from its parts.
    public init(
        cameras: [Camera],
        stateDimension: Int,
        horizon: Int,
        actionSpace: ActionSpace,
        framesPerSecond: Double
    ) {
        self.cameras = cameras
        self.stateDimension = stateDimension
        self.horizon = horizon
        self.actionSpace = actionSpace
        self.framesPerSecond = framesPerSecond
    }
}
