import Foundation
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import LeRobot
@testable import Training

@Suite("Demonstrations")
struct DemonstrationsTests {
    private let folder: TemporaryFolder

    private var data: URL { folder.appending(path: "data") }

    init() throws { folder = try TemporaryFolder() }

    private func cameras(_ chosen: [String]) throws -> [String] {
        try Demonstrations(opening: data).cameras(chosen)
    }

    @Test("name a requested camera that has no images, and those that have")
    func requestedCameras() throws {
        try SampleDemonstrations.write(to: data)
        try SampleDemonstrations.addImages("observation.images.wrist", to: data)
        let error = #expect(throws: DemonstrationsError.self) { try cameras(["front", "wrist"]) }
        #expect(error?.description.hasSuffix("has no camera 'wrist', only observation.images.front") == true)
        #expect(try cameras([]) == ["observation.images.front"])
        #expect(try cameras(["front"]) == ["observation.images.front"])
        let twice = #expect(throws: DemonstrationsError.self) {
            try cameras(["front", "observation.images.front"])
        }
        #expect(twice?.description == "cameras: 'observation.images.front' is named twice")
        let missing = #expect(throws: DemonstrationsError.self) { try cameras(["roof"]) }
        #expect(missing?.description.hasSuffix("has no camera 'roof', only observation.images.front") == true)
    }

    @Test("refuse a dataset without cameras, also where one is declared and absent")
    func noImages() throws {
        try SampleDemonstrations.write(to: data, cameras: [])
        let missing = #expect(throws: DemonstrationsError.self) { try cameras([]) }
        #expect(missing?.description.hasSuffix("has no camera, which a policy needs") == true)
        try SampleDemonstrations.addImages("observation.images.wrist", to: data)
        let absent = #expect(throws: DemonstrationsError.self) { try cameras([]) }
        #expect(absent?.description.hasSuffix("has no camera, which a policy needs") == true)
    }

    /// Writes a dataset of two episodes with the column `held` at 1.569, moved by `movement`, and `hole` in a row.
    private func write(movement: Float, hole: (row: Int, value: Float)? = nil) throws {
        let description = DatasetDescription(fps: 20, robotType: "panda", actionNames: ["x", "held"])
        let writer = try DatasetWriter(creating: data, description)
        var actions: [[Float]] = (0 ..< 40).map { step in
            let held: Float = step % 2 == 0 ? 1.569 : 1.569 + movement
            return [Float(step % 7), held]
        }
        for episode in 0 ..< 2 {
            try writer.addEpisode(actions: Array(actions[episode * 20 ..< episode * 20 + 20]), task: "hold")
        }
        try writer.finish()
        guard let hole else { return }
        actions[hole.row][1] = hole.value
        let file = try ParquetFileWriter(
            creating: data.appending(path: "data/chunk-000/file-000.parquet"),
            fields: [.init("action", .float, .fixedList(2)), .init("episode_index", .integer)]
        )
        try file.writeRowGroup(
            rows: 40,
            [.floats(actions.flatMap { $0 }), .integers((0 ..< 40).map { $0 / 20 })]
        )
        try file.finish()
    }

    @Test("name columns that hardly move", arguments: [Float(0), 1e-6, 2e-4, 1e-3])
    func narrowColumns(movement: Float) throws {
        try write(movement: movement)
        let demonstrations = try Demonstrations(opening: data)
        let columns = demonstrations.narrowColumns(episodes: nil)
        #expect(columns.map(\.index) == [1])
        #expect(columns.first?.description.hasPrefix("column 1 (held) ") == true)
        let normalization = try demonstrations.actionNormalization(.quantiles, horizon: 4, episodes: nil)
        let normalized = normalization.normalized([3, 1.569, 3, 0])
        #expect(normalized.allSatisfy { abs($0) < 60 })
        #expect(abs(normalization.restored(normalized)[1] - 1.569) <= max(1e-6, movement))
    }

    @Test("name no column that moves")
    func wideColumns() throws {
        try write(movement: 0.2)
        #expect(try Demonstrations(opening: data).narrowColumns(episodes: nil).isEmpty)
    }

    @Test("leave out episodes with values that are not finite", arguments: [Float.nan, .infinity])
    func finiteEpisodes(value: Float) throws {
        try write(movement: 0.2, hole: (25, value))
        let demonstrations = try Demonstrations(opening: data)
        let found = try demonstrations.finiteEpisodes(nil, usesStates: true)
        #expect(found.finite == [0])
        #expect(found.others.map(\.episode) == [1])
        #expect(
            found.others.first?.reason.description.contains("column 1 (held), row 25 of the file") == true
        )
        #expect(try demonstrations.finiteEpisodes([0]).others.isEmpty)
        #expect(throws: LeRobotError.self) {
            try demonstrations.actionNormalization(.quantiles, horizon: 4, episodes: nil)
        }
        _ = try demonstrations.actionNormalization(.quantiles, horizon: 4, episodes: found.finite)
    }

    @Test("of other rates are named with the durations of their chunks")
    func rates() throws {
        try SampleDemonstrations.write(to: data, cameras: [])
        let fast = folder.appending(path: "fast")
        try SampleDemonstrations.write(to: fast, cameras: [], fps: 50)
        let datasets = try [data, fast].map { WeightedDataset(try Demonstrations(opening: $0)) }
        var training = TokenizerTraining(datasets, recipe: TokenizerRecipe(), device: .cpu)
        training.recipe.horizon = 10
        #expect(
            training.rateDifference
                == "the datasets differ in rate: a chunk of 10 steps spans 0.5 s at 20 Hz, 0.2 s at 50 Hz; "
                + "'chunk: {seconds: ...}' of the recipe gives all of them one duration"
        )
        training.datasets.removeLast()
        #expect(training.rateDifference == nil)
    }
}
