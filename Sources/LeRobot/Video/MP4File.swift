public import Foundation
public import RobotTypes
internal import Support

/// Writes a video to be watched: H.264, yuv420p, index first, which every browser plays.
///
/// The file appears whole or not at all. Images of odd size lose their last column or row.
///
/// - Parameters:
///   - frames: Images of one size, at least one.
///   - fps: Frames a second.
///   - file: Path of the file; an existing file is replaced.
/// - Throws: ``LeRobotError`` when there is no frame, sizes differ, or the file cannot be written.
public func encodeMP4(frames: [Image], fps: Double, to file: URL) throws(LeRobotError) {
    guard let first = frames.first else {
        throw .invalidData(field: file.lastPathComponent, expected: "at least one frame", found: "none")
    }
    guard fps >= DatasetInfo.lowestRate, fps <= 100_000 else {
        throw .invalidData(
            field: "\(file.lastPathComponent): fps",
            expected: "a number from 1e-6 to 1e5",
            found: "\(fps)"
        )
    }
    if let other = frames.first(where: { $0.width != first.width || $0.height != first.height }) {
        throw .invalidData(
            field: file.lastPathComponent,
            expected: "frames of \(first.width)x\(first.height) pixels",
            found: "\(other.width)x\(other.height)"
        )
    }
    try durably(file) {
        try DurableFile.replace(file) { aside in
            let encoder = try VideoEncoder(
                creating: aside,
                as: file,
                width: first.width / 2 * 2,
                height: first.height / 2 * 2,
                fps: fps,
                settings: .watching
            )
            for frame in frames { try encoder.append(frame.croppedToEvenSize) }
            try encoder.finish()
        }
    }
}

extension Image {
    /// The image without its last column or row where their number is odd.
    var croppedToEvenSize: Image {
        let (evenWidth, evenHeight) = (width / 2 * 2, height / 2 * 2)
        guard evenWidth != width || evenHeight != height else { return self }
        let rows = (0 ..< evenHeight).flatMap { pixels[$0 * width * 3 ..< ($0 * width + evenWidth) * 3] }
        return Image(width: evenWidth, height: evenHeight, pixels: rows)
    }
}
