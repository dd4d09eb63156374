internal import Foundation
internal import Yams

/// A part of a recipe whose keys are free and whose order matters, such as a mapping of columns.
indirect enum OrderedNode: Decodable {
    case scalar(String)
    case list([OrderedNode])
    case group([(key: String, value: OrderedNode)])

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: AnyKey.self) {
            self = .group(
                try container.allKeys.map {
                    ($0.stringValue, try container.decode(OrderedNode.self, forKey: $0))
                }
            )
        } else if var container = try? decoder.unkeyedContainer() {
            var values: [OrderedNode] = []
            while !container.isAtEnd { values.append(try container.decode(OrderedNode.self)) }
            self = .list(values)
        } else {
            self = .scalar(try decoder.singleValueContainer().decode(String.self))
        }
    }

    /// The same as YAML text.
    ///
    /// - Throws: The emitter's error.
    func yaml() throws -> String { try Yams.serialize(node: node) }

    private var node: Node {
        switch self {
        case .scalar(let text): Node(text)
        case .list(let values): Node(values.map(\.node))
        case .group(let entries): Node(entries.map { (Node($0.key), $0.value.node) })
        }
    }
}

/// Any key of a group.
struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
}

extension String {
    /// The file or folder of this path.
    var asPath: URL { URL(filePath: self) }
}
