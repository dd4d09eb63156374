import Foundation
import Testing

@testable import Training

@Suite("Datasets of a recipe")
struct RecipeDatasetsTests {
    private func recipe(_ settings: String...) throws -> PolicyRecipe {
        try RecipeReader.recipe(PolicyRecipe(), settings: settings)
    }

    @Test("are paths, or groups of keys, with a mapping in place, whose order stays")
    func entries() throws {
        let entries = try recipe(
            """
            datasets=[data/a, {path: data/b, weight: 2, embodiment: arm, episodes: "^9::10", mapping: {action: {wrist: \
            {columns: 3:5, relative: true}, arm: {source: [left, right]}}}}, {path: c, mapping: c.yaml, heldOut: "0:1"}]
            """,
            "chunk.seconds=1.5"
        ).datasets
        #expect(entries.map(\.robotName) == ["a", "arm", "c"])
        #expect(entries.map(\.weight) == [1, 2, 1])
        #expect(entries[1].episodes == "^9::10" && entries[2].heldOut == "0:1")
        #expect(entries[2].mapping == .file("c.yaml"))
        let mapping = try #require(try entries[1].mapping?.read(of: "data/b"))
        #expect(mapping.action.map(\.name) == ["wrist", "arm"])
        #expect(mapping.action[0].columns == .positions([3, 4]) && mapping.action[0].relativeTo == "wrist")
        #expect(mapping.action[1].sources == ["left", "right"])
    }

    @Test("are the same after they are written, as part of a run's identity")
    func codable() throws {
        let entries = try recipe(
            "datasets=[{path: a, mapping: {action: {b: {columns: 1}, a: {columns: 0}}}}]"
        )
        .datasets
        let data = try JSONEncoder().encode(entries)
        #expect(try JSONDecoder().decode([DatasetEntry].self, from: data) == entries)
    }

    @Test(
        "are refused with the key at fault",
        arguments: [
            ("datasets=[{path: a, wheight: 2}]", "has the unknown key 'wheight'; did you mean 'weight'?"),
            ("datasets=[{weight: 2}]", "should have the key 'path', a dataset's folder, found weight"),
            ("datasets=[{path: a, weight: -1}]", "should have a positive 'weight', found -1.0"),
            ("datasets=[{path: a, embodiment: x/y}]", "without '/'"),
            ("datasets=3", "datasets"),
            ("chunk.seconds=-1", "'chunk.seconds' should be in 0.0 ... 3600.0"),
        ]
    )
    func refusals(setting: String, message: String) {
        let error = #expect(throws: RecipeError.self) { try recipe(setting) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("have mappings whose errors name the dataset")
    func mapping() throws {
        let entry = try recipe("datasets=[{path: data/a, mapping: {action: {arm: {colums: 3}}}}]").datasets[0]
        let error = #expect(throws: DatasetMappingError.self) { try entry.mapping?.read(of: entry.path) }
        #expect(
            error?.description.hasPrefix("mapping of data/a: action.arm: expected one of the keys") == true
        )
    }
}
