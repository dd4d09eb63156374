import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import Recording

@Suite("Videos of an evaluation")
struct EvaluationFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes `.npy` of uint8 with the values 0, 1, ...
    private func video(_ shape: [Int]) throws -> URL {
        let sizes = shape.map(String.init).joined(separator: ", ")
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(sizes)), }\n"
        let count = shape.reduce(1, *)
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
        let url = folder.appending(path: "video.npy")
        try Data(start + Array(header.utf8) + (0 ..< count).map { UInt8($0) }).write(to: url)
        return url
    }

    @Test("are read frame by frame")
    func frames() throws {
        let frames = try EvaluationFolder.frames(of: video([2, 1, 2, 3]))
        #expect(frames.map(\.pixels) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
        #expect(frames[0].width == 2 && frames[0].height == 1)
    }

    @Test(
        "of another shape are named with what is expected",
        arguments: [[2, 2, 3], [2, 0, 2, 3], [0, 1, 2, 3], [2, 1, 2, 4], [5]]
    )
    func otherShape(shape: [Int]) throws {
        let url = try video(shape)
        #expect {
            _ = try EvaluationFolder.frames(of: url)
        } throws: { error in
            "\(error)" == "\(url.path): expected uint8 (|u1) [frames, height, width, 3], found |u1 \(shape)"
        }
    }
}
