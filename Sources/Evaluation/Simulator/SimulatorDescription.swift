public import RobotTypes
internal import Support

/// What a simulator says about itself.
public struct SimulatorDescription: Codable, Equatable, Sendable {
    /// A body and the way it is commanded.
    public struct Robot: Codable, Equatable, Sendable {
        /// Control steps a second.
        public let framesPerSecond: Double

        /// Names of the cameras, without any prefix.
        public let cameras: [String]

        /// Names of the state's columns.
        public let stateNames: [String]

        /// Names of the columns that say where things are; nil where the simulator does not.
        public let environmentStateNames: [String]?

        /// Names of an action's columns.
        public let actionNames: [String]

        private enum CodingKeys: String, CodingKey {
            case cameras
            case framesPerSecond = "fps"
            case stateNames = "state"
            case environmentStateNames = "environment_state"
            case actionNames = "action"
        }
    }

    /// Something to do.
    public struct Task: Codable, Equatable, Sendable {
        /// The task in plain words.
        public let instruction: String

        /// Name of the robot that does it.
        public let robot: String

        /// Which of the simulator's groups, for example of difficulty, it counts in; nil for none.
        public let group: String?
    }

    /// The robots, by name.
    public let robots: [String: Robot]

    /// The tasks, by name.
    public let tasks: [String: Task]

    /// Names of the tasks' groups, in the order in which they are to be read; nil where there are none.
    public let groups: [String]?

    /// Names of what episodes can be perturbed in; nil for nothing.
    public let perturbations: [String]?

    /// The tasks of every group, in the order of ``groups``.
    public var taskGroups: [TaskGroup] {
        (groups ?? []).map { group in
            TaskGroup(name: group, tasks: tasks.filter { $0.value.group == group }.keys.sorted())
        }
    }

    /// The tasks that `text` names: some with commas between, or `all`.
    ///
    /// - Throws: ``SimulatorError/unknownTask(_:nearest:known:)`` for the first that the simulator does not have,
    ///   ``SimulatorError/badPlan(_:)`` for one that is named twice, and where none is named.
    public func taskNames(_ text: String) throws(SimulatorError) -> [String] {
        let names = text == "all" ? tasks.keys.sorted() : text.split(separator: ",").map(String.init)
        guard !names.isEmpty else {
            throw .badPlan("expected names of tasks with commas between, or all, found '\(text)'")
        }
        try check(tasks: names)
        return names
    }

    /// Makes sure that the simulator knows `tasks`, and that none is named twice: episodes are told apart by their task.
    ///
    /// - Throws: ``SimulatorError/unknownTask(_:nearest:known:)`` for the first that it does not know,
    ///   ``SimulatorError/badPlan(_:)`` for the first that is named again.
    public func check(tasks names: [String]) throws(SimulatorError) {
        let known = tasks.keys.sorted()
        for (index, task) in names.enumerated() {
            guard tasks[task] != nil else {
                throw .unknownTask(task, nearest: task.nearest(in: known), known: known)
            }
            guard !names[..<index].contains(task) else { throw .badPlan("task '\(task)' is named twice") }
        }
    }

    /// The perturbations that `text` names: some with commas between, or `all`.
    ///
    /// - Throws: ``SimulatorError/unknownPerturbation(_:nearest:known:)`` for the first that the simulator does not have.
    public func perturbationNames(_ text: String) throws(SimulatorError) -> [String] {
        let names = text == "all" ? perturbations ?? [] : text.split(separator: ",").map(String.init)
        try check(perturbations: names)
        return names
    }

    /// Makes sure that the simulator knows `perturbations`.
    ///
    /// - Throws: ``SimulatorError/unknownPerturbation(_:nearest:known:)`` for the first that it does not know.
    public func check(perturbations names: [String]) throws(SimulatorError) {
        let known = perturbations ?? []
        for name in names where !known.contains(name) {
            throw .unknownPerturbation(name, nearest: name.nearest(in: known), known: known)
        }
    }

    /// Makes sure that the robot which does all of `tasks` can follow a policy's actions, and has what the policy sees.
    ///
    /// - Throws: ``SimulatorError/otherRobot(actions:robot:names:)`` when actions have another number of columns,
    ///   ``SimulatorError/missingCameras(_:robot:cameras:)`` and ``SimulatorError/otherState(_:robot:names:)``, and the
    ///   errors of ``robot(for:)``.
    public func check(_ contract: PolicyContract, for tasks: [String]) throws(SimulatorError) {
        let space = contract.actionSpace
        try check(columns: space.dimension, for: tasks, "the policy's actions are \(space)")
        let (name, robot) = try robot(for: tasks)
        // The last part of a camera's name in a dataset is the simulator's name of it.
        let missing = contract.cameras.map(\.name).filter { camera in
            let last = camera.split { $0 == "." || $0 == "/" }.last.map(String.init)
            return !robot.cameras.contains(last ?? camera)
        }
        guard missing.isEmpty else {
            throw .missingCameras(missing, robot: name, cameras: robot.cameras)
        }
        let columns = contract.stateDimension
        guard columns == 0 || columns == robot.stateNames.count else {
            throw .otherState(columns, robot: name, names: robot.stateNames)
        }
    }

    /// Makes sure that the robot which does all of `tasks` takes a tokenizer's actions, of `columns` columns.
    ///
    /// - Throws: ``SimulatorError/otherRobot(actions:robot:names:)`` when they have another number of columns, and the
    ///   errors of ``robot(for:)``.
    public func check(columns: Int, for tasks: [String]) throws(SimulatorError) {
        try check(columns: columns, for: tasks, "the tokenizer is for actions of \(columns) columns")
    }

    private func check(columns: Int, for tasks: [String], _ actions: String) throws(SimulatorError) {
        let (name, robot) = try robot(for: tasks)
        guard columns == robot.actionNames.count else {
            throw .otherRobot(actions: actions, robot: name, names: robot.actionNames)
        }
    }

    /// The one robot that does all of `tasks`: a dataset has one action space.
    ///
    /// - Throws: ``SimulatorError/unknownTask(_:nearest:known:)`` or ``SimulatorError/differentRobots(_:)``.
    public func robot(for names: [String]) throws(SimulatorError) -> (name: String, robot: Robot) {
        try check(tasks: names)
        let needed = names.compactMap { name in tasks[name].map { (task: name, robot: $0.robot) } }
        guard let first = needed.first else { throw .badPlan("at least one task is needed") }
        guard needed.allSatisfy({ $0.robot == first.robot }) else {
            throw .differentRobots(needed.map { "\($0.task) needs \($0.robot)" })
        }
        guard let robot = robots[first.robot] else {
            throw .badPlan("the simulator names robot '\(first.robot)' without describing it")
        }
        return (first.robot, robot)
    }
}
