import Foundation

/// A path with fields in Python's notation, `data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`.
struct PathTemplate: Sendable {
    private enum Piece {
        case text(String)
        case chunk(digits: Int)
        case file(digits: Int)
        case frame(digits: Int)
        case camera
    }

    private let pieces: [Piece]

    /// The folder or file that it begins with.
    let first: String?

    /// Most digits that a number is padded to.
    private static let mostDigits = 20

    /// Reads a template; its path lies within the dataset's folder, whatever separates and leads it.
    init(_ text: String) {
        let parts = Self.parts(ofPath: text)
        first = parts.first.map(String.init)
        var pieces: [Piece] = []
        var rest = parts.joined(separator: "/")[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            pieces.append(.text(String(rest[..<open])))
            pieces.append(Self.piece(rest[open ... close]))
            rest = rest[rest.index(after: close)...]
        }
        self.pieces = pieces + [.text(String(rest))]
    }

    /// The folders of a path and its last name, without any step that leads out of the folder in which it begins.
    static func parts(ofPath path: String) -> [Substring] {
        var parts: [Substring] = []
        for part in path.replacing("\\", with: "/").split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts
    }

    private static func piece(_ text: Substring) -> Piece {
        let field = text.dropFirst().dropLast().split(separator: ":", maxSplits: 1)
        let digits = min(field.count > 1 ? Int(field[1].filter(\.isNumber)) ?? 0 : 0, mostDigits)
        switch field.first {
        case "chunk_index", "episode_chunk": return .chunk(digits: digits)
        case "file_index", "episode_index": return .file(digits: digits)
        case "frame_index": return .frame(digits: digits)
        case "video_key", "image_key": return .camera
        default: return .text(String(text))
        }
    }

    /// The path of a file.
    func filled(_ location: FileLocation, camera: String = "", frame: Int = 0) -> String {
        var path = ""
        for piece in pieces {
            switch piece {
            case .text(let text): path += text
            case .chunk(let digits): path += Self.padded(location.chunk, digits)
            case .file(let digits): path += Self.padded(location.file, digits)
            case .frame(let digits): path += Self.padded(frame, digits)
            case .camera: path += camera
            }
        }
        return path
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        let missing = digits - text.utf8.count
        return missing > 0 ? String(repeating: "0", count: missing) + text : text
    }
}
