public import RobotTypes

extension PolicyContract {
    /// Reads the metadata that a server sends when a client connects: the inverse of ``metadata(server:version:)``.
    ///
    /// Cameras get the dataset's names, with dots for the slashes of their keys.
    ///
    /// - Throws: ``ServerMessageError`` that names the key, what was expected and what was found.
    public init(metadata: WireValue) throws(ServerMessageError) {
        let reader = try ServerMessageReader(metadata, "metadata")
        let observation = try reader.reader("observation")
        let action = try reader.reader("action")
        var cameras: [Camera] = []
        var stateDimension = 0
        for key in observation.map.keys where key != WireKey.instruction {
            let feature = try observation.reader(key)
            let shape = try feature.shape()
            if key == WireKey.state {
                guard shape.count == 1 else { throw feature.error("shape", "one axis", found: "\(shape)") }
                stateDimension = shape[0]
            } else {
                guard shape.count == 3, shape[2] == 3 else {
                    throw feature.error("shape", "[height, width, 3]", found: "\(shape)")
                }
                cameras.append(Camera(name: Self.featureName(key), height: shape[0], width: shape[1]))
            }
        }
        self.init(
            cameras: cameras,
            stateDimension: stateDimension,
            stateNames: try reader.names("state_names", count: stateDimension),
            horizon: try action.count("horizon"),
            actionSpace: try action.actionSpace(),
            actionNames: try reader.names("action_names", count: try action.count("dimension")),
            framesPerSecond: try reader.value("fps", "a positive number") { value in
                value.number.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
            }
        )
        committedSteps = try reader.count("committed_steps")
    }

    /// The dataset's name of a feature's key.
    private static func featureName(_ key: String) -> String {
        key.split(separator: "/", omittingEmptySubsequences: false).joined(separator: ".")
    }
}

extension ServerMessageReader {
    /// Longest axis that is accepted: no metadata may make a client fill its memory with an observation.
    private static var longestAxis: Int { ImageDecoder.longestSide }

    fileprivate func shape() throws(ServerMessageError) -> [Int] {
        try value("shape", "a list of whole numbers, at most \(Self.longestAxis)") { value in
            guard case .list(let axes) = value else { return nil }
            let sizes = axes.compactMap(\.count)
            return sizes.count == axes.count && sizes.allSatisfy { $0 <= Self.longestAxis } ? sizes : nil
        }
    }

    /// A name for each of `count` numbers; nil where the server knows none.
    fileprivate func names(_ key: String, count: Int) throws(ServerMessageError) -> [String]? {
        guard let value = map[key], value != .null else { return nil }
        return try self.value(key, "\(count) names") { value in
            guard case .list(let values) = value, values.count == count else { return nil }
            let names = values.compactMap(\.string)
            return names.count == count ? names : nil
        }
    }

    fileprivate func actionSpace() throws(ServerMessageError) -> ActionSpace {
        var groups: [ActionSpace.Group] = []
        for value in try list("groups") { groups.append(try group(value)) }
        let space: ActionSpace
        do throws(ActionSpaceError) {
            space = try ActionSpace(groups: groups)
        } catch {
            throw self.error("groups", "groups that cover the columns", found: error.description)
        }
        let dimension = try count("dimension")
        guard dimension == space.dimension else {
            throw error("dimension", "\(space.dimension), the columns of the groups", found: "\(dimension)")
        }
        return space
    }

    private func group(_ value: WireValue) throws(ServerMessageError) -> ActionSpace.Group {
        let reader = try ServerMessageReader(value, message, path: "\(path).groups")
        let (start, count) = (try reader.count("start"), try reader.count("count"))
        let columns = 0 ... ActionSpace.largestDimension
        guard columns.contains(start), columns.contains(count) else {
            throw reader.error("start, count", "at most \(columns.upperBound)", found: "\(start), \(count)")
        }
        var group = ActionSpace.Group(name: try reader.text("name"), columns: start ..< start + count)
        let kinds = ActionSpace.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        group.kind = try reader.value("kind", "one of \(kinds)") {
            $0.string.flatMap(ActionSpace.Kind.init(rawValue:))
        }
        return group
    }
}
