import Foundation
import RobotTypes

/// An episode that is being recorded: numbers in memory, videos in files beside the dataset's.
///
/// A frame is appended after the reply to the one before; ``GrowingDataset/save(_:)`` makes the episode part of the dataset.
public actor EpisodeRecording {
    /// The features that every frame has.
    public nonisolated let features: [String: Feature]

    /// Number of frames so far.
    public private(set) var length = 0

    private let folder: URL
    private var numbers: [String: FrameValues] = [:]
    private var tasks: [String] = []
    private var cameras: [String: CameraRecording] = [:]

    init(
        folder: URL,
        features: [String: Feature],
        fps: Double,
        video: VideoSettings
    ) throws(LeRobotError) {
        self.folder = folder
        self.features = features
        for (name, feature) in features {
            if feature.dtype == "video" {
                let file = folder.appending(path: "\(name).mp4")
                try createParent(of: file)
                cameras[name] = try CameraRecording(
                    creating: file,
                    feature: feature,
                    fps: fps,
                    settings: video
                )
            } else {
                numbers[name] = FrameValues(emptyOf: feature.dtype)
            }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Takes one more frame; returns when it is kept, while its images may still wait for the encoder.
    ///
    /// - Throws: ``LeRobotError/invalidData(field:expected:found:)`` for a frame of other features, which changes nothing;
    ///   ``LeRobotError/unwritable(file:reason:)`` where the videos cannot be written.
    public func append(_ frame: RecordedFrame) async throws(LeRobotError) {
        try check(frame)
        for (name, values) in frame.numbers where numbers[name]?.append(values) != true {
            throw .invalidData(field: name, expected: features[name]?.dtype ?? "none", found: values.dtype)
        }
        tasks.append(frame.task)
        length += 1
        for (name, camera) in cameras {
            if let image = frame.images[name] { try await camera.append(image) }
        }
    }

    private func check(_ frame: RecordedFrame) throws(LeRobotError) {
        let names = Set(frame.numbers.keys).union(frame.images.keys)
        guard names == Set(features.keys) else {
            throw .invalidData(
                field: "frame",
                expected: "\(features.keys.sorted())",
                found: "\(names.sorted())"
            )
        }
        for (name, feature) in features {
            if let image = frame.images[name] {
                guard (image.height, image.width) == feature.imageSize else {
                    throw .invalidData(
                        field: name,
                        expected: "\(feature.imageSize.width)x\(feature.imageSize.height) pixels",
                        found: "\(image.width)x\(image.height)"
                    )
                }
            } else if let values = frame.numbers[name] {
                guard values.count == feature.dimension, values.dtype == feature.dtype else {
                    throw .invalidData(
                        field: name,
                        expected: "\(feature.dtype) [\(feature.dimension)]",
                        found: "\(values.dtype) [\(values.count)]"
                    )
                }
            }
        }
    }

    /// A whole episode, its last frame encoded.
    struct Content: Sendable {
        let folder: URL
        let length: Int
        let numbers: [String: FrameValues]
        let tasks: [String]
        let colors: [String: ColorHistogram]
        let videos: [String: URL]
    }

    /// Closes the video files.
    func finish() async throws(LeRobotError) -> Content {
        guard length > 0 else {
            throw .invalidData(field: "episode", expected: "at least one frame", found: "none")
        }
        var colors: [String: ColorHistogram] = [:]
        for (name, camera) in cameras { colors[name] = try await camera.finish() }
        return Content(
            folder: folder,
            length: length,
            numbers: numbers,
            tasks: tasks,
            colors: colors,
            videos: cameras.mapValues(\.file)
        )
    }
}
