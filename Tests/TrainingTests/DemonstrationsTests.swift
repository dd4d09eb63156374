import Foundation
import LeRobot
import TemporaryFolder
import Testing

@testable import Training

@Suite("Demonstrations")
struct DemonstrationsTests {
    private let folder: TemporaryFolder

    private var data: URL { folder.appending(path: "data") }

    init() throws { folder = try TemporaryFolder() }

    private func cameras(_ chosen: [String]) throws -> [String] {
        try Demonstrations(opening: data).cameras(chosen)
    }

    @Test("name a wished camera whose frames are single images, with what to do about it")
    func wishedImages() throws {
        try SampleDemonstrations.write(to: data)
        try SampleDemonstrations.addImages("observation.images.wrist", to: data)
        let error = #expect(throws: LeRobotError.self) { try cameras(["front", "wrist"]) }
        #expect(error == .unsupportedFeature("observation.images.wrist", dtype: "image"))
        #expect(error?.description.contains("lerobot-edit-dataset") == true)
        #expect(try cameras(["front"]) == ["observation.images.front"])
        let twice = #expect(throws: DemonstrationsError.self) {
            try cameras(["front", "observation.images.front"])
        }
        #expect(twice?.description == "cameras: 'observation.images.front' is named twice")
        let missing = #expect(throws: DemonstrationsError.self) { try cameras(["roof"]) }
        #expect(missing?.description.hasSuffix("has no camera 'roof', only observation.images.front") == true)
    }

    @Test("name images where there is no video at all")
    func imagesOnly() throws {
        try SampleDemonstrations.write(to: data, cameras: [])
        let missing = #expect(throws: DemonstrationsError.self) { try cameras([]) }
        #expect(missing?.description.hasSuffix("has no camera, which a policy needs") == true)
        try SampleDemonstrations.addImages("observation.images.wrist", to: data)
        let error = #expect(throws: LeRobotError.self) { try cameras([]) }
        #expect(error == .unsupportedFeature("observation.images.wrist", dtype: "image"))
    }
}
