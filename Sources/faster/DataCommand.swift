import ArgumentParser
import Foundation
import LeRobot
import RobotTypes
import Training

/// `faster data`: looks into datasets.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Look into a LeRobot dataset.",
        subcommands: [Info.self, Frame.self]
    )

    /// `faster data info`.
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what a dataset holds.")

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Flag(help: "Print JSON.")
        var json = false

        struct Report: Encodable {
            let episodes: Int
            let frames: Int
            let fps: Double
            let robot: String?
            let features: [String: Feature]
            let tasks: [String]
            let actionGroups: String?

            enum CodingKeys: String, CodingKey {
                case episodes, frames, fps, robot, features, tasks
                case actionGroups = "action_groups"
            }
        }

        func run() throws {
            let dataset = try LeRobotDataset(opening: folder.asFile, warn: Terminal.warn)
            try dataset.checkDataFiles()
            try dataset.checkColumns()
            let columns = dataset.info.features["action"]?.dimension
            let report = Report(
                episodes: dataset.episodes.count,
                frames: dataset.frameCount,
                fps: dataset.info.fps,
                robot: dataset.info.robotType,
                features: dataset.info.features,
                tasks: dataset.tasks,
                actionGroups: try columns.map {
                    try Demonstrations.actionSpace(of: dataset, columns: $0).description
                }
            )
            guard !json else { return try Terminal.printJSON(report) }
            print("\(folder): LeRobot \(dataset.info.codebaseVersion), robot \(report.robot ?? "unknown")")
            print("episodes  \(report.episodes)\nframes    \(report.frames) at \(report.fps) Hz")
            print("groups    \(report.actionGroups ?? "none: there is no feature 'action'")")
            for (name, feature) in report.features.sorted(by: { $0.key < $1.key }) {
                print(
                    "feature   \(name)  \(feature.dtype)\(feature.shape)  \(feature.names?.joined(separator: " ") ?? "")"
                )
            }
            for task in report.tasks { print("task      \(task)") }
        }
    }

    /// `faster data frame`.
    struct Frame: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write one image as PNG.")

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Option(help: "Number of the frame within the whole dataset.")
        var index: Int

        @Option(help: "Name of the camera, for example observation.images.corner2.")
        var camera: String

        @Option(help: "PNG file to write.")
        var out: String

        func run() throws {
            let dataset = try LeRobotDataset(opening: folder.asFile, warn: Terminal.warn)
            let image = try dataset.frame(at: index, camera: camera)
            try writePNG(image, to: out.asFile)
            print("\(out): frame \(index) of \(camera), \(image.width) x \(image.height)")
        }
    }
}
