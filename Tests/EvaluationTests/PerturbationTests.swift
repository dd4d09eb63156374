import Evaluation
import Foundation
import TemporaryFolder
import Testing

/// Perturbations in MetaWorld's real physics.
@Suite("Perturbations")
struct PerturbationTests {
    @Test("MetaWorld has its own and those of every simulator")
    func description() async throws {
        let description = try await metaWorld().description()
        #expect(
            description.perturbations == [
                "light", "camera", "texture", "distractors", "positions", "actions", "delay",
            ]
        )
        let legged = try Simulator(named: "legged", near: packageFolder.appending(path: "bin/faster"))
        #expect(try await legged.description().perturbations == ["actions", "delay"])
    }

    @Test("one that is unknown is refused with the list, and none is run twice")
    func unknown() async throws {
        let runner = SimulatorRunner(simulator: try metaWorld())
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3"], episodes: 1)
        plan.perturbations = ["light", "wind"]
        var error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
        #expect(error?.description.hasPrefix("unknown perturbation 'wind'") == true)
        #expect(
            error?.description.hasSuffix("light, camera, texture, distractors, positions, actions, delay")
                == true
        )
        plan.perturbations = ["light", "light"]
        error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
        #expect(error?.description == "perturbation 'light' is named twice")
    }

    @Test(
        "leave an expert alone unless they move objects or disturb actions, alike in one process and in two"
    )
    func expert() async throws {
        var plan = EvaluationPlan(controller: .expert, tasks: ["drawer-open-v3"], episodes: 2)
        plan.perturbations = ["light", "camera", "texture", "distractors", "positions", "actions", "delay"]
        let alone = try await SimulatorRunner(simulator: metaWorld()).run(plan)
        let shared = try await SimulatorRunner(simulator: metaWorld(), workers: 2).run(plan)
        #expect(alone == shared)
        #expect(alone.map(\.perturbation) == ([nil] + plan.perturbations.map { $0 }).flatMap { [$0, $0] })
        #expect(alone.map(\.seed) == (0 ..< 8).flatMap { _ in [1_000_000, 1_000_001] })
        let steps = Dictionary(grouping: alone, by: \.perturbation).mapValues { $0.map(\.steps) }
        for name in ["light", "camera", "texture", "distractors", "delay"] {
            #expect(steps[name] == steps[nil])
        }
        for name in ["positions", "actions"] { #expect(steps[name] != steps[nil]) }
    }

    @Test(
        "change images differently in every episode, and leave nothing behind",
        arguments: ["light", "camera", "texture", "distractors", "positions"]
    )
    func images(perturbation: String) async throws {
        let folder = try TemporaryFolder()
        var plan = EvaluationPlan(controller: .expert, tasks: ["drawer-open-v3"], episodes: 2)
        plan.maxSteps = 1
        plan.perturbations = [perturbation, "actions"]
        plan.videos = .init(folder: folder.url.path, count: 2, size: 48)
        let episodes = try await SimulatorRunner(simulator: metaWorld()).run(plan)
        let first = try episodes.map { try firstImage(of: #require($0.video)) }
        // Plain, perturbed, and then disturbed in what no image shows.
        #expect(first[0] != first[2] && first[1] != first[3])
        #expect(first[0] == first[4] && first[1] == first[5])
        let changes = [0, 1].map { episode in
            zip(first[episode], first[episode + 2]).map { Int($0) - Int($1) }
        }
        #expect(changes[0] != changes[1])
    }

    /// The bytes of a video's first frame, 48 x 48 x 3 at the end of two.
    private func firstImage(of video: String) throws -> [UInt8] {
        let size = 48 * 48 * 3
        let data = try Data(contentsOf: URL(filePath: video))
        try #require(data.count > 2 * size)
        return [UInt8](data.suffix(2 * size).prefix(size))
    }

    @Test("show a policy what was seen some steps ago")
    func delay() async throws {
        let peer = try Peer("clock", size: 0)
        var plan = EvaluationPlan(
            controller: .server(host: "127.0.0.1", port: peer.port),
            tasks: ["reach-v3"],
            episodes: 1
        )
        plan.maxSteps = 40
        plan.perturbations = ["delay"]
        _ = try await SimulatorRunner(simulator: metaWorld()).run(plan)
        let heights = try peer.messages().compactMap { ($0["observation/state"] as? [Double])?[2] }
        try #require(heights.count == 10)
        let (plain, delayed) = (heights.prefix(5), heights.suffix(5))
        // The hand rises all the time; an observation is eight steps old, as long as a chunk is executed.
        #expect(zip(plain, plain.dropFirst()).allSatisfy { $0 < $1 })
        #expect(delayed.first == plain.first)
        #expect(Array(delayed.dropFirst()) == Array(plain.dropLast()))
    }
}
