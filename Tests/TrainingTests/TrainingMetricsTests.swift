import Foundation
import NN
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("Measurements")
struct TrainingMetricsTests {
    struct Killed: Error {}

    @Test("that are no numbers stay in the file when a run goes on, and are not drawn")
    func notNumbers() throws {
        let folder = try TemporaryFolder()
        let weight = NamedTensor(name: "w", tensor: Tensor.ones([2, 2]).requiringGradient())
        let optimizer = AdamW([weight], configuration: .init())
        func run(killAt: Int?) throws {
            let run = TrainingRun(
                folder: folder.url,
                totalSteps: 6,
                recipe: "same",
                measureEvery: 1,
                checkpointEvery: 2,
                report: { _ in },
                beforeStep: { if $0 == killAt { throw Killed() } }
            )
            try run.run([weight], optimizer: optimizer, resume: true) { step, _ in
                ["loss": step < 3 ? .nan : 1, "gradient": -.infinity]
            }
        }
        #expect(throws: Killed.self) { try run(killAt: 5) }
        try run(killAt: nil)
        let file = folder.appending(path: TrainingRun.metricsFile)
        let all = TrainingMetrics.all(of: file)
        #expect(all.map { $0["step"] } == [0, 1, 2, 3, 4, 5])
        #expect(all.map { $0["loss"]?.isNaN } == [true, true, true, false, false, false])
        #expect(all.allSatisfy { $0["gradient"] == -.infinity })
        let drawn = TrainingMetrics.lines(of: file)
        #expect(drawn.map { $0["loss"] } == [nil, nil, nil, 1, 1, 1])
        #expect(drawn.allSatisfy { $0["gradient"] == nil && $0["seconds"] != nil })
    }
}
