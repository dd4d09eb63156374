import Foundation
import Support
import TemporaryFolder
import Testing

@Suite("Files that grow by whole lines")
struct DurableLinesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("get their lines at the end, after what is kept of them")
    func append() throws {
        let file = try folder.write("one\ntw", to: "file")
        let lines = try DurableLines(file, keeping: 4)
        try lines.append(Data("two".utf8))
        try lines.append(Data("three".utf8))
        #expect(try folder["file"] == Data("one\ntwo\nthree\n".utf8))
    }

    @Test("are named where they are missing, and where their disk is full")
    func errors() throws {
        let missing = folder.appending(path: "missing")
        let error = #expect(throws: DurableFileError.self) { try DurableLines(missing, keeping: 0) }
        #expect(error?.path == missing.path)
        let full = #expect(throws: DurableFileError.self) {
            // A device cannot be cut, or takes no byte.
            try DurableLines(URL(filePath: "/dev/full"), keeping: 0).append(Data("line".utf8))
        }
        #expect(full?.path == "/dev/full")
    }
}
