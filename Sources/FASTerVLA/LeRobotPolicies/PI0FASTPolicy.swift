internal import ActionTokenizers
internal import Backbones
public import RobotTypes
internal import Torch

/// A LeRobot policy of type `pi0_fast`: PaliGemma that writes FAST's tokens (arXiv 2501.09747).
///
/// All tensor work runs on one thread of its own; calls may come from any task and are served in turn.
public final class PI0FASTPolicy: Policy {
    /// The observations that it takes, and the chunks that it gives.
    public let contract: PolicyContract

    private let runner: Runner

    init(_ parts: PI0FASTParts) {
        contract = parts.contract
        runner = Runner(parts)
    }

    /// Predicts the chunk that follows `observation`, in the robot's units; options of the request have no effect.
    ///
    /// - Throws: ``LeRobotObservationError`` for another observation than the contract's; the errors of text tokenizers.
    public func act(on observation: Observation) async throws -> PolicyPrediction {
        try await runner.predict(observation, arrival: .now)
    }
}

/// The actor that owns the network's thread.
private actor Runner {
    private let executor = TensorExecutor(name: "policy")
    private let parts: PI0FASTParts

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ parts: PI0FASTParts) { self.parts = parts }

    func predict(_ observation: Observation, arrival: ContinuousClock.Instant) throws -> PolicyPrediction {
        let waitingTime = ContinuousClock.now - arrival
        return try withoutGradients {
            var stopwatch = Stopwatch(parts.input.device)
            let prefix = parts.network.prefix(of: try parts.input(observation))
            let prefixTime = stopwatch.lap()
            let answer = parts.decoder.answer(after: prefix)
            let decodingTime = stopwatch.lap()
            return PolicyPrediction(
                parts.chunk(of: answer, after: observation),
                timing: StageTiming(
                    prefix: prefixTime,
                    blocks: answer.times,
                    detokenization: decodingTime - answer.times.reduce(.zero, +)
                ),
                tokens: answer.tokens.count,
                waitingTime: waitingTime
            )
        }
    }
}

/// Parts of a `pi0_fast` policy, in the order of an inference.
struct PI0FASTParts: Sendable {
    let input: PI0FASTInput
    let network: PaliGemma
    let decoder: PI0FASTDecoder
    let vocabulary: FASTVocabulary
    let transform: DiscreteCosineTransform
    let contract: PolicyContract

    /// The chunk that an answer spells, in the robot's units; relative actions are added to the observed state.
    func chunk(of answer: PI0FASTDecoder.Answer, after observation: Observation) -> ActionChunk {
        let columns = input.configuration.actionDimension
        let normalised = vocabulary.chunk(of: answer.text.characters, transform, dimension: columns)
        var values = input.processors.action.restored(normalised.values)
        for (column, isRelative) in input.processors.isRelative.enumerated() where isRelative {
            for row in stride(from: column, to: values.count, by: columns) {
                values[row] += observation.state[column]
            }
        }
        return ActionChunk(horizon: normalised.horizon, dimension: columns, values: values)
    }

    /// An observation to measure with: black images, a state of zeros.
    var synthetic: Observation {
        let images = contract.cameras.map { camera in
            let pixels = [UInt8](repeating: 0, count: camera.height * camera.width * 3)
            return (camera.name, Image(width: camera.width, height: camera.height, pixels: pixels))
        }
        return Observation(
            images: Dictionary(images) { $1 },
            state: [Float](repeating: 0, count: contract.stateDimension),
            instruction: "pick up the object"
        )
    }
}
