/// A predictor of action chunks from observations.
///
/// The server, the evaluation loop and the tests use policies only through this protocol, so they
/// build and run without libtorch.
public protocol Policy: Sendable {
    /// The observation and the action of the policy.
    var contract: PolicyContract { get }

    /// Predicts the next actions.
    ///
    /// - Parameter observation: The newest observation; it fulfils ``contract``.
    /// - Returns: A chunk in the robot's own units that starts at the time of `observation`.
    /// - Throws: An error of the policy; the robot should then hold still.
    func act(on observation: Observation) async throws -> PolicyPrediction
}

/// The observation that a policy accepts and the action chunk that it predicts.
public struct PolicyContract: Codable, Equatable, Sendable {
    /// The image of a camera.
    public struct Camera: Codable, Equatable, Sendable {
        /// The camera's name in the dataset, for example `observation.images.corner2`.
        public var name: String

        /// Height of the images that the policy was trained on.
        public var height: Int

        /// Width of the images that the policy was trained on.
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

    /// Number of columns of the state; 0 where the policy uses none.
    public var stateDimension: Int

    /// Meaning of every number of the state, as the dataset names them; nil where it does not.
    public var stateNames: [String]?

    /// Number of control steps of a predicted chunk.
    public var horizon: Int

    /// The columns of an action and their groups.
    public var actionSpace: ActionSpace

    /// Meaning of every column of an action, as the dataset names them; nil where it does not.
    public var actionNames: [String]?

    /// Control frequency, Hz.
    public var framesPerSecond: Double

    /// Number of steps of the longest committed action prefix (``PredictionOptions/committedActions``); a property of the
    /// weights, so it is not a part of the contract on disk.
    public var committedSteps = 0

    private enum CodingKeys: String, CodingKey {
        case cameras, stateDimension, stateNames, horizon, actionSpace, actionNames, framesPerSecond
    }

    /// Creates a contract from its parts.
    public init(
        cameras: [Camera],
        stateDimension: Int,
        stateNames: [String]? = nil,
        horizon: Int,
        actionSpace: ActionSpace,
        actionNames: [String]? = nil,
        framesPerSecond: Double
    ) {
        self.cameras = cameras
        self.stateDimension = stateDimension
        self.stateNames = stateNames
        self.horizon = horizon
        self.actionSpace = actionSpace
        self.actionNames = actionNames
        self.framesPerSecond = framesPerSecond
    }
}
