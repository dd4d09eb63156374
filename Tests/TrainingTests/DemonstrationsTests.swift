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
}
