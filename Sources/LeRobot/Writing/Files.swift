import Foundation
import Support

/// Does work that makes `file` durable; its errors read as all do that concern a dataset.
func durably(_ file: URL, _ work: () throws -> Void) throws(LeRobotError) {
    do { try work() } catch let error as LeRobotError {
        throw error
    } catch let error as DurableFileError {
        throw .unwritable(file: error.path, reason: error.reason)
    } catch {
        throw .unwritable(file: file.path, reason: "\(error)")
    }
}

/// Creates the folder that a file is to lie in.
func createParent(of file: URL) throws(LeRobotError) {
    try durably(file) { try DurableFile.createParent(of: file) }
}
