internal import Support

/// A dataset of a recipe: one entry of the key `datasets`.
public struct DatasetEntry: Codable, Equatable, Sendable {
    /// Folder of the dataset.
    public var path: String

    /// Name of its robot, which datasets of one robot share; nil to read off the dataset which robot it is.
    public var embodiment: String?

    /// Share of the examples beside other datasets.
    public var weight = 1.0

    /// Features that actions, states and cameras are made of; nil for the dataset's own.
    public var mapping: MappingEntry?

    /// Action groups, `position=0:3,gripper=3`; nil for those of the mapping or the names of columns.
    public var groups: String?

    /// Columns or groups of actions that become relative to the state, with commas between, where there is no mapping.
    public var relative: String?

    /// Episodes to use, as ``EpisodeSelection`` reads them; nil for all, or all that are not held out.
    public var episodes: String?

    /// Episodes to validate a policy on; nil for none.
    public var heldOut: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case path, embodiment, weight, mapping, groups, relative, episodes, heldOut
    }

    /// All of the dataset in the folder at `path`.
    public init(path: String) { self.path = path }

    /// Reads an entry: a group of keys, or the path alone.
    ///
    /// - Throws: `DecodingError` that names a key which is unknown or missing, or a value of another kind.
    public init(from decoder: any Decoder) throws {
        if let path = try? decoder.singleValueContainer().decode(String.self) {
            self.path = path
            return
        }
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        let known = CodingKeys.allCases.map(\.rawValue)
        func error(_ reason: String) -> DecodingError {
            .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: reason))
        }
        if let unknown = given.first(where: { !known.contains($0) }) {
            let meant = unknown.nearest(in: known).map { "; did you mean '\($0)'?" } ?? ""
            throw error("has the unknown key '\(unknown)'\(meant) Known: \(known.joined(separator: ", "))")
        }
        guard given.contains("path") else {
            throw error(
                "should have the key 'path', a dataset's folder, found \(given.joined(separator: ", "))"
            )
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        path = try values.decode(String.self, forKey: .path)
        embodiment = try values.decodeIfPresent(String.self, forKey: .embodiment)
        weight = try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1
        mapping = try values.decodeIfPresent(MappingEntry.self, forKey: .mapping)
        groups = try values.decodeIfPresent(String.self, forKey: .groups)
        relative = try values.decodeIfPresent(String.self, forKey: .relative)
        episodes = try values.decodeIfPresent(String.self, forKey: .episodes)
        heldOut = try values.decodeIfPresent(String.self, forKey: .heldOut)
        guard weight > 0, weight.isFinite else {
            throw error("should have a positive 'weight', found \(weight)")
        }
        guard path.isEmpty == false, embodiment?.contains("/") != true else {
            throw error(
                "should have a 'path', and an 'embodiment' without '/', found '\(path)', '\(embodiment ?? "")'"
            )
        }
    }

    /// Name of the robot: the given one, or that of the folder, where no dataset before is of the same robot.
    public var robotName: String {
        embodiment ?? path.split(separator: "/").last.map(String.init) ?? path
    }
}

/// The mapping of a dataset in a recipe: a file, or the mapping itself.
public enum MappingEntry: Codable, Equatable, Sendable {
    /// Path of a mapping file.
    case file(String)

    /// A mapping as YAML.
    case inline(String)

    /// Reads a path, or a group of keys.
    public init(from decoder: any Decoder) throws {
        let node = try OrderedNode(from: decoder)
        if case .scalar(let text) = node {
            // What was read once is written as text.
            self = text.contains("\n") ? .inline(text) : .file(text)
        } else {
            self = .inline(try node.yaml())
        }
    }

    /// Writes the path, or the mapping as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .file(let text), .inline(let text): try container.encode(text)
        }
    }

    /// The mapping; errors about an inline one name `owner`.
    ///
    /// - Throws: ``DatasetMappingError``.
    public func read(of owner: String) throws(DatasetMappingError) -> DatasetMapping {
        switch self {
        case .file(let path): try DatasetMapping(reading: path.asPath)
        case .inline(let text): try DatasetMapping(yaml: text, file: "mapping of \(owner)")
        }
    }
}
