public import RobotTypes
internal import Support

/// A simulator's robots, tasks and perturbations, as its client prints them.
public struct SimulatorDescription: Codable, Equatable, Sendable {
    /// A robot and its action space.
    public struct Robot: Codable, Equatable, Sendable {
        /// Control frequency, Hz.
        public let framesPerSecond: Double

        /// Names of the cameras, without any prefix.
        public let cameras: [String]

        /// Names of the state's columns.
        public let stateNames: [String]

        /// Names of the columns of object poses; nil where the simulator records none.
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

    /// A task and the robot that does it.
    public struct Task: Codable, Equatable, Sendable {
        /// The language instruction.
        public let instruction: String

        /// Name of its robot.
        public let robot: String

        /// Its group, for example of difficulty; nil for none.
        public let group: String?
    }

    /// The robots, by name.
    public let robots: [String: Robot]

    /// The tasks, by name.
    public let tasks: [String: Task]

    /// Names of the tasks' groups, in the order of reports; nil where there are none.
    public let groups: [String]?

    /// Names of the perturbations; nil for none.
    public let perturbations: [String]?

    /// Names of the sets of meshes and textures, the benchmark's own first; nil where there is one only.
    public let assets: [String]?

    /// The tasks of every group, in the order of ``groups``.
    public var taskGroups: [TaskGroup] {
        (groups ?? []).map { group in
            TaskGroup(name: group, tasks: tasks.filter { $0.value.group == group }.keys.sorted())
        }
    }

    /// The tasks of the group called `name`, in LIBERO a suite.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)`` where the simulator has no such group.
    public func taskNames(ofGroup name: String) throws(SimulatorError) -> [String] {
        guard let group = taskGroups.first(where: { $0.name == name }) else {
            let known = groups.map { "its suites are \($0.joined(separator: ", "))" } ?? "it has none"
            throw .badPlan("the simulator has no suite '\(name)': \(known)")
        }
        return group.tasks
    }

    /// The set of meshes and textures called `name`, or the benchmark's own for nil; nil where there is one set only.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)`` where the simulator has no such set.
    public func assets(named name: String?) throws(SimulatorError) -> String? {
        guard let name else { return assets?.first }
        guard let assets, assets.contains(name) else {
            let known = assets.map { "they are \($0.joined(separator: ", "))" } ?? "it has one set only"
            throw .badPlan("the simulator has no assets '\(name)': \(known)")
        }
        return name
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

    /// Validates that the simulator has `tasks`, and that none is named twice: episodes are identified by task and seed.
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

    /// Validates that the simulator has `perturbations`.
    ///
    /// - Throws: ``SimulatorError/unknownPerturbation(_:nearest:known:)`` for the first that it does not know.
    public func check(perturbations names: [String]) throws(SimulatorError) {
        let known = perturbations ?? []
        for name in names where !known.contains(name) {
            throw .unknownPerturbation(name, nearest: name.nearest(in: known), known: known)
        }
    }

    /// Validates that the robot of `tasks` has a policy's action space, cameras and state.
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

    /// Validates that the actions of the robot of `tasks` have `columns` columns, as a tokenizer's.
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

    /// The robot of all `tasks`: a dataset has one action space.
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
