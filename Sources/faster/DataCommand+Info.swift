import ArgumentParser
import Foundation
import LeRobot
import RobotTypes
import Training

extension DataCommand {
    /// `faster data info`.
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what a dataset holds.")

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Flag(help: "Print JSON.")
        var json = false

        private struct Report: Encodable {
            let version: String
            let episodes: Int
            let frames: Int
            let seconds: Double
            let fps: Double
            let robot: String?
            let features: [String: Feature]
            let cameras: [CameraSummary]
            let tasks: [String]
            let actionGroups: String?
            let bytes: Int
            /// Nil where there are none, so that a search for warnings finds nothing.
            let warnings: [String]?

            enum CodingKeys: String, CodingKey {
                case version, episodes, frames, seconds, fps, robot, features, cameras, tasks, bytes, warnings
                case actionGroups = "action_groups"
            }
        }

        func run() throws {
            let dataset = try LeRobotDataset(opening: folder.asFile, warn: Terminal.warn)
            try dataset.checkDataFiles()
            try dataset.checkColumns()
            let columns = dataset.info.features["action"]?.dimension
            let cameras = dataset.cameraSummaries
            let report = Report(
                version: dataset.info.codebaseVersion,
                episodes: dataset.episodes.count,
                frames: dataset.frameCount,
                seconds: Double(dataset.frameCount) / dataset.info.fps,
                fps: dataset.info.fps,
                robot: dataset.info.robotType,
                features: dataset.info.features,
                cameras: cameras,
                tasks: dataset.tasks,
                actionGroups: try columns.map {
                    try Demonstrations.actionSpace(of: dataset, columns: $0).description
                },
                bytes: dataset.bytesOnDisk,
                warnings: dataset.warnings.isEmpty ? nil : dataset.warnings.map(\.description)
            )
            if json { try Terminal.printJSON(report) } else { show(report) }
        }

        private func show(_ report: Report) {
            print("\(folder): LeRobot \(report.version), robot \(report.robot ?? "unknown")")
            print("episodes  \(report.episodes)")
            print("frames    \(report.frames) at \(report.fps) Hz, \(Self.duration(report.seconds))")
            print("size      \(Self.size(report.bytes))")
            print("groups    \(report.actionGroups ?? "none: there is no feature 'action'")")
            for (name, feature) in report.features.sorted(by: { $0.key < $1.key }) {
                let names = feature.names?.joined(separator: " ") ?? ""
                print("feature   \(name)  \(feature.dtype)\(feature.shape)  \(names)")
            }
            for camera in report.cameras {
                let coding = camera.codec.map { [$0, camera.pixelFormat ?? ""].joined(separator: " ") }
                print(
                    "camera    \(camera.name)  \(camera.width)x\(camera.height)  "
                        + "\(camera.isPresent ? coding ?? "unreadable" : "absent")\(camera.isDepth ? "  depth" : "")"
                )
            }
            for task in report.tasks { print("task      \(task)") }
        }

        private static func duration(_ seconds: Double) -> String {
            seconds < 120
                ? String(format: "%.1f s", seconds)
                : seconds < 7200
                    ? String(format: "%.1f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
        }

        private static func size(_ bytes: Int) -> String {
            bytes < 1_000_000
                ? String(format: "%.1f kB", Double(bytes) / 1e3)
                : bytes < 1_000_000_000
                    ? String(format: "%.1f MB", Double(bytes) / 1e6)
                    : String(format: "%.2f GB", Double(bytes) / 1e9)
        }
    }
}
