import Foundation
import Testing

/// The project's root, found from this file.
let packageRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Runs a script of `Tests/Peers` with the project's Python and returns what it prints.
func python(_ script: String, _ arguments: String...) throws -> Data {
    let process = Process()
    process.executableURL = packageRoot.appending(path: ".deps/python/bin/python")
    process.arguments = [packageRoot.appending(path: "Tests/Peers/\(script)").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(script) failed")
    return data
}
