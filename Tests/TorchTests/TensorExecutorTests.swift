import Foundation
import Testing
import Torch

@Suite("The tensor thread")
struct TensorExecutorTests {
    actor Counter {
        private let executor = TensorExecutor(name: "test")
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private var threads: Set<ObjectIdentifier> = []

        func note() -> Int {
            threads.insert(ObjectIdentifier(Thread.current))
            return threads.count
        }
    }

    @Test("is one and the same for all of an actor's work")
    func oneThread() async {
        let counter = Counter()
        await withTaskGroup(of: Int.self) { group in
            for _ in 0 ..< 50 { group.addTask { await counter.note() } }
            for await count in group { #expect(count == 1) }
        }
    }
}
