import Foundation
import Support
import TemporaryFolder
import Testing

@Suite("A folder's lock")
struct FolderLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("keeps others away until its owner is gone, and leaves no file")
    func exclusive() throws {
        let place = folder.appending(path: "a/b")
        func hold(_ body: () throws -> Void) throws {
            let lock = FolderLock(place)
            try lock.acquire()
            try lock.acquire()
            try withExtendedLifetime(lock, body)
        }
        try hold {
            let error = #expect(throws: DurableFileError.self) { try FolderLock(place).acquire() }
            #expect(
                error?.description
                    == "\(place.path): cannot be written: another program is writing into it; choose another folder, "
                    + "or wait for its end"
            )
        }
        try hold {}
        #expect(folder.paths == ["a", "a/b"])
    }

    @Test("needs a folder")
    func file() throws {
        let file = try folder.write("", to: "file")
        let error = #expect(throws: DurableFileError.self) { try FolderLock(file).acquire() }
        #expect(error?.path.hasPrefix(file.path) == true)
    }
}
