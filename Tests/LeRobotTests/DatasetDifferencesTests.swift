import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Comparison of datasets")
struct DatasetDifferencesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes two episodes of ten steps; every image is of one colour, or of `pixel`'s.
    private func write(
        _ name: String,
        fps: Double = 10,
        robot: String = "arm",
        names: [String] = ["shoulder", "elbow"],
        scale: Float = 1,
        color: [UInt8] = [200, 90, 30],
        pixel: ((Int) -> [UInt8])? = nil
    ) throws -> LeRobotDataset {
        let writer = try DatasetWriter(
            creating: folder.appending(path: name),
            DatasetDescription(
                fps: fps,
                robotType: robot,
                actionNames: names,
                cameras: [.init(name: "observation.images.front", height: 32, width: 32)]
            )
        )
        let image = Image(width: 32, height: 32, pixels: (0 ..< 32 * 32).flatMap { pixel?($0) ?? color })
        for episode in 0 ..< 2 {
            let steps = (0 ..< 10).map { Float($0 + 10 * episode) }
            try writer.addEpisode(
                frames: ["observation.images.front": steps.map { _ in image }],
                actions: steps.map { step in names.map { _ in sin(step) * scale } },
                task: "wave"
            )
        }
        return try writer.finish()
    }

    private func findings(_ one: LeRobotDataset, _ other: LeRobotDataset) throws -> [String] {
        try DatasetDifferences(one, other).findings.map {
            "\($0.severity) \($0.field ?? "") \($0.text.replacing(folder.url.path + "/", with: ""))"
        }
    }

    @Test("finds nothing between sets of one robot")
    func alike() throws { #expect(try findings(write("one"), write("other")).isEmpty) }

    @Test("names rate, robot and units that differ")
    func units() throws {
        let other = try write("other", fps: 50, robot: "another arm", scale: 180 / .pi)
        let found = try findings(write("one"), other)
        #expect(found.contains("note robot_type 'arm' in one and 'another arm' here"))
        #expect(
            found.contains(
                "warning fps 10.0 in one and 50.0 here: chunks of equal steps last for different times"
            )
        )
        #expect(
            found.contains {
                $0.hasPrefix("warning action column 1 (elbow): -")
                    && $0.hasSuffix("here; do the units differ (degrees and radians?)?")
            }
        )
        #expect(found.count == 4)
    }

    @Test("names another action space and another order of columns")
    func spaces() throws {
        let one = try write("one")
        #expect(
            try findings(one, write("reordered", names: ["elbow", "shoulder"])) == [
                "warning action columns shoulder, elbow in one and elbow, shoulder here: the same names in another order"
            ]
        )
        #expect(
            try findings(one, write("wider", names: ["x", "y", "z"])) == [
                "warning action 2 columns in one and 3 here: another space"
            ]
        )
    }

    @Test("sees that red and blue are swapped, even where they balance, and calls it a note")
    func colors() throws {
        let one = try write("one")
        let found = try findings(one, write("other", color: [30, 90, 200]))
        #expect(found.count == 1)
        #expect(
            found.first?.hasPrefix(
                "note observation.images.front red and blue look swapped: the mean images in one and here"
            )
                == true
        )
        func bars(_ name: String, _ colors: [[UInt8]]) throws -> LeRobotDataset {
            try write(name) { pixel in colors[pixel % 32 / 16] }
        }
        let (red, blue): ([UInt8], [UInt8]) = ([200, 60, 60], [60, 60, 200])
        #expect(try findings(bars("left", [red, blue]), bars("right", [blue, red])).count == 1)
        #expect(try findings(bars("same", [red, blue]), bars("again", [red, blue])).isEmpty)
        let dark = try findings(one, write("dark", color: [20, 20, 20]))
        #expect(dark.first?.contains("another light, view or colour space") == true)
    }
}
