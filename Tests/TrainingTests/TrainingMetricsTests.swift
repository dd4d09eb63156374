import Foundation
import Support
import TemporaryFolder
import Testing

@testable import Training

@Suite("Measurements")
struct TrainingMetricsTests {
    @Test("that are not finite stay in the file of a resumed run, and are not read as numbers")
    func notNumbers() throws {
        let folder = try TemporaryFolder()
        func run(killAfter kill: Int?) throws {
            try SmallTask(metrics: { step in ["loss": step < 3 ? .nan : 1, "peak": -.infinity] })
                .train(steps: 6, in: folder.url, killAfter: kill)
        }
        #expect(throws: Killed.self) { try run(killAfter: 4) }
        try run(killAfter: nil)
        let file = folder.appending(path: TrainingMetrics.fileName)
        let all = TrainingMetrics.all(of: file)
        #expect(all.map { $0["step"] } == [0, 1, 2, 3, 4, 5])
        #expect(all.map { $0["loss"]?.isNaN } == [true, true, true, false, false, false])
        #expect(all.allSatisfy { $0["peak"] == -.infinity })
        let read = TrainingMetrics.lines(of: file)
        #expect(read.map { $0["loss"] } == [nil, nil, nil, 1, 1, 1])
        #expect(read.allSatisfy { $0["peak"] == nil && $0["seconds"] != nil })
    }
}
