/// Tasks that are averaged together, for example of one difficulty.
public struct TaskGroup: Equatable, Sendable {
    /// The simulator's name of the group.
    public let name: String

    /// Names of its tasks.
    public let tasks: [String]

    /// A group of `tasks`.
    public init(name: String, tasks: [String]) {
        self.name = name
        self.tasks = tasks
    }
}
