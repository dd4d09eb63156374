import Foundation

/// Names of a feature's columns, read from any of the forms that writers of datasets give them.
///
/// - A list, a list in a list, or lists by limb: `["x", "y"]`, `[["x", "y"]]`, `{"left": ["x"], "right": ["x"]}`, joined
///   in the order of the file.
/// - Numbers by name: `{"y": 1, "x": 0}`, or names by number: `{"1": "y", "0": "x"}`, in the order of the numbers.
/// - Bounds by group: `{"arm": [0, 3], "hand": [3, 4]}`.
/// - A list of objects, `[{"name": "x"}]`, or in one text, `"x, y"`.
/// - Fewer names than columns, where their endings spell the columns: `left_xyzrpy`.
struct FeatureNames {
    /// One name a column; nil where there are none that fit.
    let columns: [String]?

    /// Reason why names are passed over; nil if they are not.
    let warning: String?

    /// Reads the names of a feature with a shape.
    init(_ json: JSONValue, shape: [Int]) {
        let dimension = shape.reduce(1, *)
        guard json != .null, let names = Self.candidates(json, dimension: dimension), !names.isEmpty else {
            columns = nil
            warning =
                json == .null || json.elements?.isEmpty == true || json.members?.isEmpty == true
                ? nil : "expected names of columns, found \(json.summary): passed over"
            return
        }
        if names.count == dimension {
            columns = names
            warning = nil
            return
        }
        columns = Self.expanded(names, shape: shape, dimension: dimension)
        warning =
            columns == nil
            ? "\(names.count) names for \(dimension) columns: passed over; name the groups with --groups"
            : nil
    }

    /// All texts of a value, in order; nil where it holds anything else.
    static func texts(_ json: JSONValue) -> [String]? {
        switch json {
        case .text(let text): return [text]
        case .number: return [json.summary]
        case .array(let elements): return joined(elements.map { $0["name"].flatMap(texts) ?? texts($0) })
        case .object(let members): return joined(members.map { texts($0.value) })
        default: return nil
        }
    }

    private static func joined(_ parts: [[String]?]) -> [String]? {
        parts.contains { $0 == nil } ? nil : parts.flatMap { $0 ?? [] }
    }

    private static func candidates(_ json: JSONValue, dimension: Int) -> [String]? {
        guard let members = json.members else {
            let names = texts(json)
            // A list in one text.
            let parts = json.text?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
            return parts.count == dimension && dimension > 1 ? parts : names
        }
        // Names by number.
        let keys = members.map { Int($0.key) }
        if let spelled = slices(members, dimension: dimension) { return spelled }
        if members.count == dimension, !keys.contains(nil) {
            return joined(zip(members, keys).sorted { ($0.1 ?? 0) < ($1.1 ?? 0) }.map { texts($0.0.value) })
        }
        // Numbers by name.
        let numbers = members.map { $0.value.integer }
        if !members.isEmpty, numbers.allSatisfy({ $0 != nil }), Set(numbers).count == members.count {
            return zip(members, numbers).sorted { ($0.1 ?? 0) < ($1.1 ?? 0) }.map(\.0.key)
        }
        // Lists with an entry for every column describe different aspects: names, units.
        let lists = members.map { (key: $0.key, names: candidates($0.value, dimension: dimension)) }
        let whole = lists.filter { $0.names?.count == dimension }
        if whole.count == lists.count || lists.count > 1 && whole.count >= 1 {
            let named = whole.first {
                !["unit", "units", "dtype", "type", "range"].contains($0.key.lowercased())
            }
            return (named ?? whole.first)?.names
        }
        // Names of limbs belong to names that are the same in each.
        let all = joined(lists.map(\.names)) ?? []
        guard Set(all).count < all.count else { return joined(lists.map(\.names)) }
        return lists.flatMap { list in (list.names ?? []).map { "\(list.key)_\($0)" } }
    }

    /// Columns of groups that are given by their first column and the one after their last: `{"arm": [0, 3], "hand": [3, 4]}`;
    /// nil where these are not all columns, each once.
    private static func slices(_ members: [(key: String, value: JSONValue)], dimension: Int) -> [String]? {
        var slices: [(name: String, start: Int, end: Int)] = []
        for (name, value) in members {
            let bounds = value.elements ?? [value["start"], value["end"]].compactMap(\.self)
            let numbers = bounds.compactMap { if case .number = $0 { $0.integer } else { nil } }
            guard bounds.count == 2, numbers.count == 2, numbers[0] < numbers[1], numbers[1] <= dimension
            else {
                return nil
            }
            slices.append((name, numbers[0], numbers[1]))
        }
        slices.sort { $0.start < $1.start }
        var names: [String] = []
        for (name, start, end) in slices {
            guard start == names.count else { return nil }
            names += end - start == 1 ? [name] : (0 ..< end - start).map { "\(name)_\($0)" }
        }
        return names.count == dimension ? names : nil
    }

    /// Spells columns out: by the endings of names, or where there is a name for every row of the shape, by numbers.
    private static func expanded(_ names: [String], shape: [Int], dimension: Int) -> [String]? {
        let spelled = names.map(spelled)
        if spelled.reduce(0, { $0 + $1.count }) == dimension { return spelled.flatMap(\.self) }
        guard shape.count > 1, names.count == shape[0] else { return nil }
        let count = dimension / shape[0]
        return zip(names, spelled).flatMap { name, spelled in
            spelled.count == count ? spelled : (0 ..< count).map { "\(name)_\($0)" }
        }
    }

    /// `left_xyzrpy` is left_x, left_y, left_z, left_roll, left_pitch, left_yaw.
    private static func spelled(_ name: String) -> [String] {
        let cut = name.lastIndex { !$0.isLetter }
        let stem = cut.map { String(name[...$0]) } ?? ""
        var rest = name.dropFirst(stem.count).lowercased()[...]
        var columns: [String] = []
        while !rest.isEmpty {
            guard let (letters, parts) = spellings.first(where: { rest.hasPrefix($0.letters) }) else {
                return [name]
            }
            columns += parts.map { stem + $0 }
            rest = rest.dropFirst(letters.count)
        }
        return columns.isEmpty ? [name] : columns
    }

    private static let spellings: [(letters: String, parts: [String])] = [
        ("xyzwxyz", ["x", "y", "z", "quat_w", "quat_x", "quat_y", "quat_z"]),
        ("xyzw", ["quat_x", "quat_y", "quat_z", "quat_w"]),
        ("wxyz", ["quat_w", "quat_x", "quat_y", "quat_z"]),
        ("xyz", ["x", "y", "z"]), ("rpy", ["roll", "pitch", "yaw"]), ("xy", ["x", "y"]),
        ("gripper", ["gripper"]), ("grip", ["grip"]), ("g", ["gripper"]),
    ]
}
