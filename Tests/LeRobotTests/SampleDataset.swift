import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder

/// A small dataset whose images show their own number.
struct SampleDataset {
    var lengths: [Int]
    var cameras: [String] = []
    var fps = 20.0
    var video = VideoSettings.dataset
    var width = 64
    var height = 48

    var description: DatasetDescription {
        DatasetDescription(
            fps: fps,
            robotType: "sawyer",
            actionNames: ["x", "y", "z", "gripper"],
            stateNames: ["x", "y", "z"],
            environmentStateNames: ["goal_x", "goal_y"],
            cameras: cameras.map { PolicyContract.Camera(name: $0, height: height, width: width) },
            video: video
        )
    }

    /// Writes the dataset and returns the numbers in it.
    @discardableResult
    func write(to folder: URL) throws -> (actions: [Float], states: [Float]) {
        let writer = try DatasetWriter(creating: folder, description)
        var actions: [Float] = []
        var states: [Float] = []
        var next = 0
        for (episode, length) in lengths.enumerated() {
            let numbers = next ..< next + length
            let episodeActions = numbers.map { row in (0 ..< 4).map { Float(row) * 0.1 + Float($0) } }
            let episodeStates = numbers.map { row in (0 ..< 3).map { sin(Float(row * 3 + $0)) } }
            var frames: [String: [Image]] = [:]
            for camera in cameras { frames[camera] = numbers.map { image(of: $0) } }
            try writer.addEpisode(
                frames: frames,
                states: episodeStates,
                environmentStates: numbers.map { [Float($0), -Float($0)] },
                actions: episodeActions,
                task: "task \(episode % 2)"
            )
            actions += episodeActions.flatMap(\.self)
            states += episodeStates.flatMap(\.self)
            next += length
        }
        try writer.finish()
        return (actions, states)
    }

    /// An image of 12 blocks, dark or bright, that spell a number in binary.
    func image(of number: Int) -> Image {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for row in 0 ..< height {
            for column in 0 ..< width {
                let bit = row * 3 / height * 4 + column * 4 / width
                let level: UInt8 = number >> bit & 1 == 1 ? 210 : 40
                for channel in 0 ..< 3 { pixels[(row * width + column) * 3 + channel] = level }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// The number that an image shows.
    static func number(in image: Image) -> Int {
        (0 ..< 12).reduce(0) { number, bit in
            let row = (bit / 4 * 2 + 1) * image.height / 6
            let column = (bit % 4 * 2 + 1) * image.width / 8
            return image.pixels[(row * image.width + column) * 3 + 1] > 125 ? number | 1 << bit : number
        }
    }
}

extension TemporaryFolder {
    /// Path of a dataset to be made.
    var dataset: URL { appending(path: "dataset") }
}
