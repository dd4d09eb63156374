import PolicyServer
import RobotTypes

/// Predicts `[2, 4]` made of the state and the row number; the instruction can ask for trouble.
struct ScriptedPolicy: Policy {
    let contract: PolicyContract

    init() throws {
        contract = PolicyContract(
            cameras: [
                PolicyContract.Camera(name: "observation.images.corner2", height: 96, width: 96),
                PolicyContract.Camera(name: "observation.images.wrist", height: 96, width: 96),
            ],
            stateDimension: 3,
            horizon: 2,
            actionSpace: try ActionSpace(parsing: "position=0:3,gripper=3"),
            actionNames: ["x", "y", "z", "grip"],
            framesPerSecond: 20
        )
    }

    func act(on observation: Observation) async throws -> PolicyPrediction {
        switch observation.instruction {
        case "fail": throw Trouble()
        case "slow": try await Task.sleep(for: .seconds(1))
        case "never": try await Task.sleep(for: .seconds(86_400))
        case "nan":
            return PolicyPrediction(
                ActionChunk(horizon: 2, dimension: 4, values: [0, 0, 0, 0, 0, 0, .nan, 0])
            )
        default: break
        }
        let values = observation.state + [0] + observation.state + [1]
        return PolicyPrediction(ActionChunk(horizon: 2, dimension: 4, values: values))
    }

    struct Trouble: Error, CustomStringConvertible {
        let description = "the gripper is on fire"
    }
}
