internal import LeRobot
internal import RobotTypes

/// The robots that datasets are of, by name.
///
/// The given name, `embodiment`, decides. Datasets without one are of one robot where they agree in robot type, actions, states,
/// cameras and rate; its name is that of the first one's folder.
public struct RobotNames: Sendable {
    /// Names of the robots, one a dataset.
    public let names: [String]

    /// What has been decided about several datasets, a sentence each.
    public let lines: [String]

    /// Tells the robots of `datasets` apart.
    public init(_ datasets: [(entry: DatasetEntry, demonstrations: Demonstrations)]) {
        let given = Set(datasets.compactMap(\.entry.embodiment))
        var names: [String] = []
        var lines: [String] = []
        // The first dataset of every robot without a given name.
        var firsts: [Int] = []
        for (index, (entry, demonstrations)) in datasets.enumerated() {
            if let name = entry.embodiment {
                names.append(name)
                continue
            }
            let differences = firsts.map { demonstrations.difference(from: datasets[$0].demonstrations) }
            if let same = differences.firstIndex(of: nil) {
                names.append(names[firsts[same]])
                continue
            }
            // Folders of several robots may have one name.
            let name = Self.unused(entry.robotName, beside: given.union(names))
            if let first = firsts.first, let difference = differences[0] {
                lines.append(
                    "\(entry.path): another robot, '\(name)', than that of \(datasets[first].entry.path): they differ in \(difference)"
                )
            }
            firsts.append(index)
            names.append(name)
        }
        self.names = names
        let robots = names.indices.filter { names.firstIndex(of: names[$0]) == $0 }
        self.lines =
            lines
            + robots.compactMap { first in
                let own = datasets.indices.filter { names[$0] == names[first] }
                guard own.count > 1 else { return nil }
                let reason =
                    firsts.contains(first)
                    ? ", as they agree in robot type, actions, states, cameras and rate; a recipe's 'embodiment' tells them apart"
                    : ""
                return
                    "\(own.map { datasets[$0].entry.path }.joined(separator: ", ")): datasets of one robot, "
                    + "'\(names[first])', with statistics over all of them\(reason)"
            }
    }

    private static func unused(_ name: String, beside others: Set<String>) -> String {
        guard others.contains(name) else { return name }
        var number = 2
        while others.contains("\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }
}

extension Demonstrations {
    /// A difference to `other` that datasets of one robot cannot have, in words; nil where there is none.
    func contradiction(to other: Demonstrations) -> String? {
        let names = (actions.names ?? [], other.actions.names ?? [])
        let states = (stateNames ?? [], other.stateNames ?? [])
        return Self.difference(in: "action space", "\(actionSpace)", "\(other.actionSpace)")
            ?? Self.difference(in: "number of state columns", "\(stateDimension)", "\(other.stateDimension)")
            ?? Self.difference(in: "rate", "\(dataset.info.fps) Hz", "\(other.dataset.info.fps) Hz")
            ?? Self.orderDifference(of: "actions", names.0, names.1)
            ?? Self.orderDifference(of: "states", states.0, states.1)
            ?? (transform == other.transform
                ? nil : "what their actions are relative to, or how they are made continuous")
            ?? (padding == other.padding ? nil : "which columns of their actions are changes")
    }

    /// A difference to `other` that datasets of two robots may have, in words; nil where there is none.
    func difference(from other: Demonstrations) -> String? {
        func list(_ names: [String]?) -> String { names?.joined(separator: ", ") ?? "none" }
        let (info, others) = (dataset.info, other.dataset.info)
        let cameras = (try? cameras().sorted(), try? other.cameras().sorted())
        return Self.difference(in: "robot type", info.robotType ?? "none", others.robotType ?? "none")
            ?? contradiction(to: other)
            ?? Self.difference(in: "names of actions", list(actions.names), list(other.actions.names))
            ?? Self.difference(in: "names of states", list(stateNames), list(other.stateNames))
            ?? Self.difference(in: "cameras", list(cameras.0), list(cameras.1))
    }

    private var stateNames: [String]? { (try? states())?.names }

    private static func difference(in trait: String, _ own: String, _ other: String) -> String? {
        own == other ? nil : "\(trait): \(own) and \(other)"
    }

    /// Columns of other names may be called otherwise in another version of a recorder; the same names in another order are an
    /// error.
    private static func orderDifference(of columns: String, _ own: [String], _ other: [String]) -> String? {
        guard own != other, own.sorted() == other.sorted() else { return nil }
        return "the order of \(columns): \(own.joined(separator: ", ")) and \(other.joined(separator: ", "))"
    }
}
