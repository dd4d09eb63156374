import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder

@testable import Training

/// Two small datasets of robots that share nothing but a task: `arm` with two cameras, two columns of states and three of
/// actions at 20 Hz, `hand` with one camera of another name, one column and five at 50 Hz.
enum TwoRobots {
    static let armMapping = """
        cameras: {observation.images.cam_high: top, observation.images.wrist: side}
        """

    static let handMapping = """
        action:
          fingers: {columns: 0:4, type: joints}
          squeeze: {columns: 4, type: gripper, mode: delta}
        cameras: {observation.images.front: top}
        """

    /// The hand's change at a step.
    static func squeeze(_ step: Float) -> Float { 0.01 + sin(step) / 500 }

    /// Writes both to `folder`, as `arm` and `hand`.
    static func write(to folder: URL) throws {
        try record(
            to: folder.appending(path: "arm"),
            fps: 20,
            cameras: [("cam_high", 40), ("wrist", 200)],
            actions: ["x", "y", "gripper"],
            states: ["x", "y"]
        ) { step in ([sin(step / 5), cos(step / 5)], [cos(step / 5), -sin(step / 5), sin(step / 3)]) }
        try record(
            to: folder.appending(path: "hand"),
            fps: 50,
            cameras: [("front", 120)],
            actions: ["thumb", "index", "middle", "ring", "squeeze"],
            states: ["effort"]
        ) { step in
            ([step / 24 - 1], (0 ..< 4).map { sin(step / 9 + Float($0)) } + [squeeze(step)])
        }
    }

    private static func record(
        to folder: URL,
        fps: Double,
        cameras: [(name: String, grey: UInt8)],
        actions: [String],
        states: [String],
        _ row: (Float) -> (state: [Float], action: [Float])
    ) throws {
        let names = cameras.map { "observation.images.\($0.name)" }
        let description = DatasetDescription(
            fps: fps,
            robotType: "robot",
            actionNames: actions,
            stateNames: states,
            cameras: names.map { PolicyContract.Camera(name: $0, height: 32, width: 32) }
        )
        let writer = try DatasetWriter(creating: folder, description)
        for episode in 0 ..< 2 {
            let rows = (0 ..< 24).map { row(Float($0 + 24 * episode)) }
            let frames = zip(names, cameras).map { name, camera in
                let image = Image(
                    width: 32,
                    height: 32,
                    pixels: Array(repeating: camera.grey, count: 32 * 32 * 3)
                )
                return (name, rows.map { _ in image })
            }
            try writer.addEpisode(
                frames: Dictionary(uniqueKeysWithValues: frames),
                states: rows.map(\.state),
                actions: rows.map(\.action),
                task: episode == 0 ? "wave" : "wave with everything that you have"
            )
        }
        try writer.finish()
    }

    /// Both datasets in `folder`, with chunks of `seconds` in `horizon` steps; 0 for steps.
    static func sources(
        in folder: URL,
        weights: [Double] = [3, 1],
        seconds: Double = 0,
        horizon: Int = 8
    ) throws -> [PolicySource] {
        let mappings = [("arm", armMapping), ("hand", handMapping)]
        return try zip(mappings, weights).map { mapping, weight in
            var chunk = ChunkRecipe()
            chunk.seconds = seconds
            let demonstrations = chunk.applied(
                to: try Demonstrations(
                    opening: folder.appending(path: mapping.0),
                    mapping: try DatasetMapping(yaml: mapping.1, file: "\(mapping.0).yaml")
                ),
                horizon: horizon
            )
            var source = PolicySource(demonstrations, name: mapping.0)
            (source.episodes, source.heldOut, source.weight) = ([0], [1], weight)
            return source
        }
    }
}
