import Evaluation
import Foundation
import RobotTypes
import Testing

/// Bodies with legs, in the same physics as MetaWorld.
@Suite("Legged bodies")
struct LeggedTests {
    private func legged() throws -> Simulator {
        try Simulator(named: "legged", near: packageFolder.appending(path: "bin/faster"))
    }

    @Test("describe several robots, whose columns form groups by limb")
    func description() async throws {
        let description = try await legged().description()
        #expect(Set(description.robots.keys) == ["ant", "half-cheetah", "walker2d", "humanoid"])
        let ant = try ActionSpace(
            columnNames: description.robot(for: ["ant-walk", "ant-turn"]).robot.actionNames
        )
        #expect(
            ant.groups.map(\.name) == [
                "back_right_leg_joints", "front_left_leg_joints", "front_right_leg_joints",
                "back_left_leg_joints",
            ]
        )
        let humanoid = try ActionSpace(
            columnNames: description.robot(for: ["humanoid-walk"]).robot.actionNames
        )
        #expect(
            humanoid.description
                == "torso=0:3,right_leg_joints=3:7,left_leg_joints=7:11,right_arm_joints=11:14,left_arm_joints=14:17"
        )
    }

    @Test(
        "walk, alike in one process and in two",
        arguments: [["ant-walk", "ant-turn"], ["humanoid-walk"], ["walker2d-walk"]]
    )
    func walk(tasks: [String]) async throws {
        let plan = EvaluationPlan(controller: .expert, tasks: tasks, episodes: 2)
        let alone = try await SimulatorRunner(simulator: legged()).run(plan)
        let shared = try await SimulatorRunner(simulator: legged(), workers: 2).run(plan)
        #expect(alone == shared)
        #expect(alone.count(where: \.success) >= alone.count - 1)
    }

    @Test("send states and actions without images to a recorder")
    func collection() async throws {
        let peer = try Peer("bare", size: 19)
        var plan = CollectionPlan(port: peer.port, tasks: ["ant-turn"], episodes: 2)
        plan.recordsImages = false
        plan.noise = 0.1
        let episodes = try await SimulatorRunner(simulator: legged(), workers: 2).run(plan)
        let messages = try peer.messages().sorted { ($0["index"] as? Int ?? 0) < ($1["index"] as? Int ?? 0) }
        #expect(messages.count == 2)
        for (message, episode) in zip(messages, episodes) {
            #expect((message["images"] as? [String: String])?.isEmpty == true)
            #expect(message["action"] as? String == "float32[\(episode.steps), 8]")
            #expect(message["observation/state"] as? String == "float32[\(episode.steps), 19]")
        }
    }
}
