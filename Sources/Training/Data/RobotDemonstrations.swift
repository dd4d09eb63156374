internal import Foundation
internal import LeRobot
internal import RobotTypes
public import TokenizerRegistry

/// The datasets of one robot, read as if they were one: statistics count every frame once, whatever the datasets' shares.
public struct RobotDemonstrations: Sendable {
    /// Name of the robot.
    public let name: String

    /// Positions of the datasets among those of the training.
    public let positions: [Int]

    /// The datasets with the episodes of the statistics; nil for all.
    let parts: [(demonstrations: Demonstrations, episodes: [Int]?)]

    /// The datasets of one robot.
    ///
    /// - Parameters:
    ///   - name: Name of the robot.
    ///   - datasets: At least one dataset, with the episodes of the statistics; nil for all.
    /// - Throws: ``DemonstrationsError`` that names two datasets which cannot be of one robot.
    public init(
        named name: String,
        _ datasets: [(demonstrations: Demonstrations, episodes: [Int]?)]
    ) throws(DemonstrationsError) {
        self = try Self.gathered(datasets.map { (name, $0.demonstrations, $0.episodes) })[0]
    }

    private init(
        name: String,
        positions: [Int],
        parts: [(demonstrations: Demonstrations, episodes: [Int]?)]
    ) {
        (self.name, self.positions, self.parts) = (name, positions, parts)
    }

    /// Gathers the datasets of every robot, in the order of the robots' first ones.
    ///
    /// - Parameter datasets: Datasets with the names of their robots; one without a name is of a robot of its own.
    /// - Returns: The robots.
    /// - Throws: ``DemonstrationsError`` that names two datasets of one name which cannot be of one robot.
    static func gathered(
        _ datasets: [(robot: String?, demonstrations: Demonstrations, episodes: [Int]?)]
    ) throws(DemonstrationsError) -> [RobotDemonstrations] {
        var positions: [[Int]] = []
        for (index, dataset) in datasets.enumerated() {
            guard let name = dataset.robot,
                let robot = positions.firstIndex(where: { datasets[$0[0]].robot == name })
            else {
                positions.append([index])
                continue
            }
            let first = datasets[positions[robot][0]].demonstrations
            if let difference = dataset.demonstrations.contradiction(to: first) {
                throw DemonstrationsError(
                    description:
                        "'\(name)' is the name of one robot, but \(dataset.demonstrations.dataset.folder.path) and "
                        + "\(first.dataset.folder.path) differ in \(difference): give them names of their own, "
                        + "'embodiment: NAME', or mappings to the same actions and states"
                )
            }
            positions[robot].append(index)
        }
        return positions.map { own in
            RobotDemonstrations(
                name: datasets[own[0]].robot
                    ?? datasets[own[0]].demonstrations.dataset.folder.lastPathComponent,
                positions: own,
                parts: own.map { (datasets[$0].demonstrations, datasets[$0].episodes) }
            )
        }
    }

    /// The dataset that says what actions and states are; the others agree.
    var first: Demonstrations { parts[0].demonstrations }

    /// The cameras of all datasets.
    ///
    /// - Throws: ``DemonstrationsError`` when a dataset has none.
    func cameras() throws -> [String] {
        try parts.reduce(into: []) { all, part in
            all += try part.demonstrations.cameras().filter { !all.contains($0) }
        }
    }

    /// Normalisation of actions by statistics over all datasets, with their transform.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    func actionNormalization(_ method: Normalization.Method, horizon: Int) throws -> Normalization {
        let values = try parts.flatMap {
            try $0.demonstrations.actionValues(horizon: horizon, episodes: $0.episodes)
        }
        return Normalization(
            method: method,
            statistics: featureStatistics(values: values, dimension: first.actions.dimension),
            transform: first.transform
        )
    }

    /// Quantile normalisation of columns, such as the states, by statistics over all datasets.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the values is no finite number.
    func normalization(of columns: (Demonstrations) throws -> MappedColumns) throws -> Normalization {
        let values = try parts.flatMap {
            try $0.demonstrations.values(of: columns($0.demonstrations), episodes: $0.episodes)
        }
        return Normalization(
            method: .quantiles,
            statistics: featureStatistics(values: values, dimension: try columns(first).dimension)
        )
    }

    /// The chunks of all datasets, one dataset after the other, in the robot's units, transformed.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    func chunks(horizon: Int) throws -> ActionChunks {
        ActionChunks(
            joining: try parts.map { try $0.demonstrations.chunks(horizon: horizon, episodes: $0.episodes) }
        )
    }

    /// The actions that tokenizers are fitted or adapted to.
    ///
    /// - Throws: The errors of the datasets, where an action is missing or not finite.
    public func robotActions() throws -> RobotActions {
        for part in parts {
            try part.demonstrations.check(part.demonstrations.actions, episodes: part.episodes)
        }
        return RobotActions(
            actionSpace: first.actionSpace,
            transform: first.transform,
            normalization: { try actionNormalization(.quantiles, horizon: $0) },
            chunks: { try chunks(horizon: $0) }
        )
    }
}

extension ActionChunks {
    /// The chunks of `parts`, which have one horizon and dimension, one after the other.
    init(joining parts: [ActionChunks]) {
        self = parts[0]
        guard parts.count > 1 else { return }
        self = ActionChunks(
            count: parts.reduce(0) { $0 + $1.count },
            horizon: horizon,
            dimension: dimension,
            paddedValues: parts.flatMap(\.values),
            validSteps: parts.flatMap(\.validSteps)
        )
    }
}
