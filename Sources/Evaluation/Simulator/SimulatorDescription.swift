public import RobotTypes

/// What a simulator says about itself.
public struct SimulatorDescription: Codable, Equatable, Sendable {
    /// Name of the robot.
    public let robot: String

    /// Control steps a second.
    public let framesPerSecond: Double

    /// Names of the cameras, without any prefix.
    public let cameras: [String]

    /// Names of the state's columns.
    public let stateNames: [String]

    /// Names of an action's columns.
    public let actionNames: [String]

    /// The instruction of every task, by the task's name.
    public let instructions: [String: String]

    private enum CodingKeys: String, CodingKey {
        case robot, cameras
        case framesPerSecond = "fps"
        case stateNames = "state"
        case actionNames = "action"
        case instructions = "tasks"
    }

    /// Makes sure that the simulator knows `tasks`.
    ///
    /// - Throws: ``SimulatorError/unknownTask(_:nearest:known:)`` for the first that it does not know.
    public func check(tasks: [String]) throws(SimulatorError) {
        let known = instructions.keys.sorted()
        for task in tasks where instructions[task] == nil {
            throw .unknownTask(task, nearest: task.nearest(in: known), known: known)
        }
    }

    /// Makes sure that the robot can follow a policy's actions.
    ///
    /// - Throws: ``SimulatorError/otherRobot(actions:robot:names:)`` when they have another number of columns.
    public func check(_ contract: PolicyContract) throws(SimulatorError) {
        let space = contract.actionSpace
        guard space.dimension == actionNames.count else {
            throw .otherRobot(actions: space.description, robot: robot, names: actionNames)
        }
    }
}
