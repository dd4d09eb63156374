import Foundation
import Support
import TemporaryFolder
import Testing

@Suite("Durable files")
struct DurableFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }

    @Test("replace the old file, and make the folders that are missing")
    func replaced() throws {
        let file = folder.appending(path: "a/b/file")
        try DurableFile.write(Data("old".utf8), to: file)
        try DurableFile.write(Data("new".utf8), to: file)
        #expect(try Data(contentsOf: file) == Data("new".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/a/b") == ["file"])
    }

    @Test("stay as they were when the writer fails")
    func failed() throws {
        struct Trouble: Error {}
        let file = folder.appending(path: "file")
        try DurableFile.write(Data("old".utf8), to: file)
        #expect(throws: Trouble.self) {
            try DurableFile.write(to: file) { handle in
                try handle.write(contentsOf: Data("half".utf8))
                throw Trouble()
            }
        }
        #expect(try Data(contentsOf: file) == Data("old".utf8))
        #expect(try names() == ["file"])
    }

    @Test("name the path when there is no room on the disk")
    func full() throws {
        let file = folder.appending(path: "file")
        try DurableFile.write(Data("old".utf8), to: file)
        let error = #expect(throws: DurableFileError.self) {
            try DurableFile.write(to: file) { _ in
                let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
                try full.write(contentsOf: Data("new".utf8))
            }
        }
        #expect(error?.description == "\(file.path): cannot be written: No space left on device")
        #expect(try Data(contentsOf: file) == Data("old".utf8))
        #expect(try names() == ["file"])
    }

    @Test("clear away what killed writers of the same file have left, and nothing else")
    func abandoned() throws {
        // No process has the first number; the second is that of the first process, which never ends.
        let (gone, alive) = (Int32.max, 1)
        let others = [".file.partial-\(alive)", ".file.partial-x", ".other.partial-\(gone)"]
        for name in others + [".file.partial-\(gone)"] {
            try Data().write(to: folder.appending(path: name))
        }
        try DurableFile.write(Data(), to: folder.appending(path: "file"))
        #expect(try names() == (others + ["file"]).sorted())
    }

    @Test("are made by writers that want a path, too")
    func replacedByPath() throws {
        let file = folder.appending(path: "a/file")
        try DurableFile.replace(file) { aside in
            #expect(aside != file)
            try Data("new".utf8).write(to: aside)
        }
        #expect(try Data(contentsOf: file) == Data("new".utf8))
        try DurableFile.synchronizeAll(below: folder.url)
        let error = #expect(throws: DurableFileError.self) { try DurableFile.replace(file) { _ in } }
        #expect(error?.description == "\(file.path): cannot be written: No such file or directory")
        #expect(try Data(contentsOf: file) == Data("new".utf8))
    }

    @Test("move over old ones, and into folders that are missing")
    func moved() throws {
        let file = try folder.write("new", to: "aside")
        try DurableFile.move(file, to: folder.appending(path: "a/b/file"))
        try DurableFile.move(folder.write("newer", to: "aside"), to: folder.appending(path: "a/b/file"))
        #expect(folder.paths == ["a", "a/b", "a/b/file"])
        #expect(try folder["a/b/file"] == Data("newer".utf8))
        let error = #expect(throws: DurableFileError.self) {
            try DurableFile.move(file, to: folder.appending(path: "c"))
        }
        #expect(error?.path == folder.appending(path: "c").path)
    }

    @Test("hold JSON with sorted keys")
    func json() throws {
        let file = folder.appending(path: "file")
        try DurableFile.writeJSON(["b": "1/2", "a": "x"], to: file)
        let expected = "{\n  \"a\" : \"x\",\n  \"b\" : \"1/2\"\n}"
        #expect(try String(contentsOf: file, encoding: .utf8) == expected)
    }

    @Test("name the path that cannot be written, and why")
    func unwritable() throws {
        try DurableFile.write(Data(), to: folder.appending(path: "file"))
        let inFile = folder.appending(path: "file/below")
        let below = #expect(throws: DurableFileError.self) { try DurableFile.write(Data(), to: inFile) }
        #expect(below?.description == "\(inFile.path): cannot be written: Not a directory")
        let taken = folder.appending(path: "taken")
        try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
        let onFolder = #expect(throws: DurableFileError.self) { try DurableFile.write(Data(), to: taken) }
        #expect(onFolder?.description == "\(taken.path): cannot be written: Is a directory")
        #expect(try names() == ["file", "taken"])
    }

    @Test("do not take the place of a pipe")
    func pipe() throws {
        let pipe = folder.appending(path: "pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let error = #expect(throws: DurableFileError.self) { try DurableFile.write(Data(), to: pipe) }
        #expect(error?.reason == "is a device or a pipe, where a file is expected")
        #expect(try names() == ["pipe"])
    }
}
