import Evaluation
import Foundation

/// Folder of the package.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// MetaWorld's client as a checkout has it.
func metaWorld() throws -> Simulator {
    try Simulator(named: "metaworld", near: packageFolder.appending(path: "bin/faster"))
}

/// `Peers/peer.py`, which serves until it is ended.
final class Peer {
    let port: Int
    private let process = Process()
    private let output = Pipe()

    init(_ kind: String, size: Int) throws {
        process.executableURL = packageFolder.appending(path: ".deps/python/bin/python")
        process.arguments = [
            packageFolder.appending(path: "Tests/EvaluationTests/Peers/peer.py").path, kind, "\(size)",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = Int(line.trimmingCharacters(in: .newlines)) ?? 0
    }

    /// Ends the server and gives what it printed about the messages it got.
    func messages() throws -> [[String: Any]] {
        end()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    // Threads of Swift's pool block the gentler signals, and a child inherits that.
    private func end() { kill(process.processIdentifier, SIGKILL) }

    deinit { end() }
}
