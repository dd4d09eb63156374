public import Foundation
import TemporaryFolder

/// The Python of `.deps`, which has the real libraries that this package has to agree with.
public enum PythonPeer {
    /// Root of the package.
    public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A program that ended with an error.
    public struct Failure: Error, CustomStringConvertible {
        /// Output, standard error included.
        public let description: String
    }

    /// Runs `Peers/<script>` beside `testFile` to its end and returns its standard output.
    ///
    /// - Parameters:
    ///   - script: File name of the program.
    ///   - arguments: Its arguments.
    ///   - testFile: The calling test.
    /// - Returns: Standard output.
    /// - Throws: ``Failure`` with everything the program said when it does not end with 0.
    public static func run(
        _ script: String,
        _ arguments: [String] = [],
        testFile: String = #filePath
    ) async throws -> Data {
        let path = URL(filePath: testFile).deletingLastPathComponent().appending(path: "Peers/\(script)").path
        let log = try TemporaryFolder(testFile: testFile)
        let process = Process()
        process.executableURL = packageRoot.appending(path: ".deps/python/bin/python")
        process.arguments = [path] + arguments
        process.standardOutput = try FileHandle(forWritingTo: log.write("", to: "output"))
        process.standardError = try FileHandle(forWritingTo: log.write("", to: "errors"))
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let output = try log["output"]
        guard status == 0 else {
            let errors = try log["errors"]
            throw Failure(
                description: "\(script) ended with \(status):\n"
                    + String(decoding: errors + output, as: UTF8.self)
            )
        }
        return output
    }
}
