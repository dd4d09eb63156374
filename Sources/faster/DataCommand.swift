import ArgumentParser
import Foundation
import LeRobot
import RobotTypes

/// `faster data`: looks into datasets.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Look into LeRobot datasets, check, rewrite and record them.",
        subcommands: [
            Info.self, Check.self, Repair.self, Convert.self, Merge.self, Split.self, Filter.self, Stats.self,
            View.self, Frame.self, Record.self,
        ]
    )

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
