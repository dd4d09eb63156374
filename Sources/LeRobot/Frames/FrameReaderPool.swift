import Synchronization

/// Readers with open files that threads take turns with.
final class FrameReaderPool: Sendable {
    private let dataset: LeRobotDataset
    private let idle = Mutex<[Idle]>([])

    /// A reader that no thread uses; the pool hands it to one at a time.
    private struct Idle: @unchecked Sendable {
        let reader: FrameReader
    }

    init(_ dataset: LeRobotDataset) { self.dataset = dataset }

    /// A reader for this thread alone, until it is put back.
    func take() -> FrameReader { idle.withLock { $0.popLast() }?.reader ?? FrameReader(dataset) }

    /// Puts a reader back.
    func put(_ reader: FrameReader) {
        let idle = Idle(reader: reader)
        self.idle.withLock { $0.append(idle) }
    }
}
