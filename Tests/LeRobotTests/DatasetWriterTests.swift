import Foundation
import LeRobot
import RobotTypes
import Support
import TemporaryFolder
import Testing

@Suite("Dataset writer")
struct DatasetWriterTests {
    private let description = DatasetDescription(
        fps: 10,
        robotType: "sawyer",
        actionNames: ["x", "y"],
        stateNames: ["x"],
        cameras: [PolicyContract.Camera(name: "front", height: 48, width: 64)]
    )

    private var image: Image { SampleDataset(lengths: []).image(of: 3) }

    /// The message of adding an episode that does not fit.
    private func refusal(
        frames: [String: [Image]]? = nil,
        states: [[Float]] = [[1], [2]],
        environmentStates: [[Float]] = [[5, 6], [7, 8]],
        actions: [[Float]] = [[1, 2], [3, 4]]
    ) throws -> String {
        let folder = try TemporaryFolder()
        var description = self.description
        description.environmentStateNames = ["goal_x", "goal_y"]
        let writer = try DatasetWriter(creating: folder.dataset, description)
        do throws(LeRobotError) {
            try writer.addEpisode(
                frames: frames ?? ["front": [image, image]],
                states: states,
                environmentStates: environmentStates,
                actions: actions,
                task: "push"
            )
            return "no error"
        } catch { return error.description }
    }

    @Test("refuses an episode that does not fit the description, before writing")
    func misfits() throws {
        #expect(try refusal(actions: []) == "episode 0: actions: expected at least one step, found none")
        #expect(
            try refusal(actions: [[1, 2], [3]]) == "episode 0: actions, step 1: expected 2 values, found 1"
        )
        #expect(
            try refusal(actions: [[1, .nan], [3, 4]])
                == "episode 0: actions, step 0, column 1: expected a finite number, found nan"
        )
        #expect(try refusal(states: [[1]]) == "episode 0: states: expected 2 steps, found 1")
        #expect(
            try refusal(environmentStates: [[1, 2], [3]])
                == "episode 0: environmentStates, step 1: expected 2 values, found 1"
        )
        #expect(
            try refusal(frames: ["front": [image]])
                == "episode 0: front: expected 2 frames, one an action, found 1"
        )
        #expect(try refusal(frames: [:]).hasPrefix("episode 0: cameras: expected [\"front\"]"))
        let small = Image(width: 2, height: 2, pixels: Array(repeating: 0, count: 12))
        #expect(
            try refusal(frames: ["front": [image, small]])
                == "episode 0: front, step 1: expected 64x48 pixels, found 2x2"
        )
    }

    @Test("an episode that was refused leaves the writer usable")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        let writer = try DatasetWriter(creating: folder.dataset, description)
        #expect(throws: LeRobotError.self) { try writer.addEpisode(actions: [[1, 2]], task: "push") }
        try writer.addEpisode(
            frames: ["front": [image]],
            states: [[1]],
            actions: [[1, 2]],
            task: "push"
        )
        #expect(writer.episodeCount == 1)
        #expect(try writer.finish().frameCount == 1)
    }

    @Test("leaves nothing behind when it is given up, and touches nothing that exists")
    func noTraces() throws {
        let folder = try TemporaryFolder()
        let parent = folder.url.path
        do {
            let writer = try DatasetWriter(creating: folder.dataset, description)
            try writer.addEpisode(
                frames: ["front": [image]],
                states: [[1]],
                actions: [[1, 2]],
                task: "push"
            )
            #expect(!FileManager.default.fileExists(atPath: folder.dataset.path))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
        let writer = try DatasetWriter(creating: folder.dataset, description)
        writer.discard()
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
        #expect(throws: LeRobotError.self) { try writer.finish() }
        try SampleDataset(lengths: [2]).write(to: folder.dataset)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["dataset"])
        #expect(throws: LeRobotError.self) { try DatasetWriter(creating: folder.dataset, description) }
        #expect(try LeRobotDataset(opening: folder.dataset).frameCount == 2)
    }

    @Test("names the folder that was asked for where none can be made")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let below = try folder.write("", to: "file").appending(path: "dataset")
        #expect(throws: LeRobotError.unwritable(file: below.path, reason: "Not a directory")) {
            try DatasetWriter(creating: below, description)
        }
    }

    @Test("refuses a dataset without episodes, and episodes after the end")
    func order() throws {
        let folder = try TemporaryFolder()
        let empty = try DatasetWriter(creating: folder.dataset, description)
        #expect(throws: LeRobotError.self) { try empty.finish() }
        let writer = try DatasetWriter(creating: folder.appending(path: "other"), description)
        try writer.addEpisode(
            frames: ["front": [image]],
            states: [[1]],
            actions: [[1, 2]],
            task: "push"
        )
        try writer.finish()
        #expect(throws: LeRobotError.self) { try writer.finish() }
        #expect(throws: LeRobotError.self) {
            try writer.addEpisode(
                frames: ["front": [image]],
                states: [[1]],
                actions: [[1, 2]],
                task: "push"
            )
        }
    }

    @Test("refuses descriptions that make no dataset")
    func descriptions() throws {
        var bad: [DatasetDescription] = []
        for change: (inout DatasetDescription) -> Void in [
            { $0.fps = 0 }, { $0.fps = .nan }, { $0.actionNames = [] }, { $0.stateNames = ["x", "x"] },
            { $0.environmentStateNames = ["x", "x"] }, { $0.cameras[0].name = "observation.state" },
            { $0.cameras[0].width = 63 }, { $0.cameras[0].height = 0 }, { $0.cameras[0].name = "../front" },
            { $0.cameras[0].name = "action" }, { $0.dataFilesSizeInMB = 0 },
        ] {
            var description = self.description
            change(&description)
            bad.append(description)
        }
        let folder = try TemporaryFolder()
        for description in bad {
            #expect(throws: LeRobotError.self) { try DatasetWriter(creating: folder.dataset, description) }
        }
    }

    @Test("begins new files at the sizes asked for, and reads them all")
    func manyFiles() throws {
        let folder = try TemporaryFolder()
        let names = (0 ..< 16).map { "joint \($0)" }
        let writer = try DatasetWriter(
            creating: folder.dataset,
            DatasetDescription(fps: 50, robotType: "arm", actionNames: names, dataFilesSizeInMB: 1)
        )
        var generator = SeededRandom(seed: 0)
        for _ in 0 ..< 10 {
            let actions = (0 ..< 4000).map { _ in
                names.map { _ in Float.random(in: -1 ... 1, using: &generator) }
            }
            try writer.addEpisode(actions: actions, task: "move")
        }
        let dataset = try writer.finish()
        #expect(Set(dataset.episodes.map(\.dataFile)).count >= 3)
        #expect(dataset.cameras.isEmpty)
        #expect(try dataset.loadTable().count == 40_000)
    }

    @Test("begins a new video before LeRobot's clock loses its precision")
    func longVideos() throws {
        let folder = try TemporaryFolder()
        let sample = SampleDataset(lengths: [6, 6, 6], cameras: ["front"], fps: 0.01)
        try sample.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.episodes.compactMap { $0.videos["front"]?.location.file } == [0, 1, 2])
        #expect(try SampleDataset.number(in: dataset.frame(at: 13, camera: "front")) == 13)
    }

    @Test("writes thousands of episodes")
    func thousands() throws {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: Array(repeating: 20, count: 2000)).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.loadTable().count == 40_000)
    }
}
