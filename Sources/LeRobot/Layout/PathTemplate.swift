import Foundation

/// A path with fields in Python's notation, `data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`.
struct PathTemplate {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The path of a file.
    func filled(_ location: FileLocation, camera: String = "", frame: Int = 0) -> String {
        var path = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            path += rest[..<open]
            let field = rest[rest.index(after: open) ..< close].split(separator: ":", maxSplits: 1)
            let name = field.first.map(String.init) ?? ""
            let digits = field.count > 1 ? Int(field[1].filter(\.isNumber)) ?? 0 : 0
            path += value(of: name, digits: digits, location, camera, frame) ?? String(rest[open ... close])
            rest = rest[rest.index(after: close)...]
        }
        return path + rest
    }

    private func value(of name: String, digits: Int, _ location: FileLocation, _ camera: String, _ frame: Int)
        -> String?
    {
        let number: Int
        switch name {
        case "chunk_index", "episode_chunk": number = location.chunk
        case "file_index", "episode_index": number = location.file
        case "frame_index": number = frame
        case "video_key", "image_key": return camera
        default: return nil
        }
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
