internal import Foundation

/// Makes the next elements on a thread of its own while the present one is in use.
///
/// Elements come in the order of their numbers, whatever the timing.
final class Prefetcher<Element>: @unchecked Sendable {
    private let condition = NSCondition()
    private var ready: [Element] = []
    private var isCancelled = false
    private let depth: Int

    /// Starts to make the elements of `range`, at most `depth` ahead of their use.
    ///
    /// `make` may change `state` from one element to the next.
    init<State: Sendable>(
        _ range: Range<Int>,
        depth: Int = 3,
        state: State,
        make: @escaping @Sendable (_ state: inout State, _ number: Int) -> Element
    ) {
        self.depth = depth
        let thread = Thread { [weak self] in
            var state = state
            for number in range {
                let element = make(&state, number)
                guard let self, self.append(element) else { return }
            }
        }
        thread.name = "prefetch"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Waits for the next element; calls beyond the range never return.
    func next() -> Element {
        condition.lock()
        defer { condition.unlock() }
        while ready.isEmpty { condition.wait() }
        let element = ready.removeFirst()
        condition.broadcast()
        return element
    }

    /// Lets the thread end.
    func cancel() {
        condition.lock()
        isCancelled = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for room; false once cancelled.
    private func append(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while ready.count >= depth && !isCancelled { condition.wait() }
        ready.append(element)
        condition.broadcast()
        return !isCancelled
    }
}
