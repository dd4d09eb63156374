import Foundation
import LeRobot
import RobotTypes

/// Short episodes of a robot that waves, with grey images.
enum SampleDemonstrations {
    /// Control steps of an episode.
    private static let length = 24

    /// Writes the dataset to `folder`, with a video for each of `cameras` and the pose of a `cup` if there is one.
    static func write(
        to folder: URL,
        cameras: [String] = ["observation.images.front"],
        fps: Double = 20,
        episodes: Int = 2,
        cup: Bool = false,
        height: Int = 32,
        width: Int = 32
    ) throws {
        let description = DatasetDescription(
            fps: fps,
            robotType: "panda",
            actionNames: ["x", "y", "gripper"],
            stateNames: ["x", "y"],
            environmentStateNames: cup ? ["cup_x", "front_cup_right", "front_cup_down"] : [],
            cameras: cameras.map { PolicyContract.Camera(name: $0, height: height, width: width) }
        )
        let writer = try DatasetWriter(creating: folder, description)
        let image = Image(
            width: width,
            height: height,
            pixels: Array(repeating: 90, count: height * width * 3)
        )
        for episode in 0 ..< episodes {
            let steps = (0 ..< length).map { Float($0 + length * episode) }
            try writer.addEpisode(
                frames: cameras.reduce(into: [:]) { $0[$1] = steps.map { _ in image } },
                states: steps.map { [sin($0 / 5), cos($0 / 5)] },
                environmentStates: cup ? steps.map { [sin($0), $0 / 96 - 0.5, 0.25] } : [],
                actions: steps.map { [cos($0 / 5), -sin($0 / 5), $0 / 48] },
                task: "wave"
            )
        }
        try writer.finish()
    }

    /// Adds a camera to the dataset in `folder` whose images lie in Parquet files.
    static func addImages(_ camera: String, to folder: URL) throws {
        let file = folder.appending(path: "meta/info.json")
        var info = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
        var features = info["features"] as? [String: Any] ?? [:]
        features[camera] =
            ["dtype": "image", "shape": [32, 32, 3], "names": ["height", "width", "channels"]]
            as [String: Any]
        info["features"] = features
        try JSONSerialization.data(withJSONObject: info).write(to: file)
    }
}
