import RobotTypes
import Testing

@Suite("Chunks at other rates")
struct ActionResamplingTests {
    private let resampling = ActionResampling(robotRate: 50, modelRate: 20, changes: [1])

    /// Targets that rise by 0.1 a step, and changes of 0.1.
    private func ramp(_ steps: Int, valid: Int? = nil) -> ActionChunks {
        ActionChunks(
            count: 1,
            horizon: steps,
            dimension: 2,
            values: (0 ..< steps).flatMap { [Float($0) / 10, 0.1] },
            validSteps: valid.map { [$0] }
        )
    }

    @Test("keep first and last target, and the sum of changes", arguments: [8, 20, 33])
    func endpoints(steps: Int) {
        let chunk = resampling.resampled(ramp(20), to: steps)
        #expect(chunk.horizon == steps && chunk.validSteps == [steps])
        let targets = (0 ..< steps).map { chunk.values[$0 * 2] }
        #expect(targets[0] == 0 && abs(targets[steps - 1] - 1.9) < 1e-6)
        for (step, target) in targets.enumerated() {
            #expect(abs(target - 1.9 * Float(step) / Float(steps - 1)) < 1e-6)
        }
        let changes = (0 ..< steps).map { chunk.values[$0 * 2 + 1] }
        #expect(abs(changes.reduce(0, +) - 2) < 1e-5)
    }

    @Test("come back to the robot's rate as they were, where they are smooth")
    func roundTrip() {
        let transform = ActionTransform(stateDimension: 0, parts: [], resampling: resampling)
        let recorded = ramp(20)
        let learned = transform.transformed(recorded, states: [], horizon: 8)
        #expect(learned.horizon == 8)
        #expect(transform.transformed(recorded, states: []) == learned)
        let restored = transform.restored(learned, states: [])
        #expect(restored.horizon == 20)
        for (value, expected) in zip(restored.values, recorded.values) {
            #expect(abs(value - expected) < 1e-5)
        }
    }

    @Test("count the steps that lie inside the episode")
    func valid() {
        // 8 steps over 20: step k lies at 19 k / 7, so that four lie at or before step 9.
        #expect(resampling.resampled(ramp(20, valid: 10), to: 8).validSteps == [4])
        #expect(resampling.resampled(ramp(20, valid: 1), to: 8).validSteps == [1])
        #expect(resampling.resampled(ramp(1), to: 4).values.prefix(2) == [0, 0.025])
    }

    @Test("refuse rates and columns that there cannot be")
    func refusals() {
        for rate in [0, 1e-300, -1, .infinity, .nan] as [Double] {
            #expect(throws: (any Error).self) {
                try ActionResampling(robotRate: 50, modelRate: rate, changes: []).validate(columns: 2)
            }
        }
        let transform = ActionTransform(stateDimension: 0, parts: [], resampling: resampling)
        #expect(throws: (any Error).self) { try transform.validate(columns: 1) }
    }
}
