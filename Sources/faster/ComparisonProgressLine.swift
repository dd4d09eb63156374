import Comparison
import Foundation
import Synchronization

/// The progress of `faster tokenizer compare`: what is being fitted or measured, and the time left.
final class ComparisonProgressLine: Sendable {
    private let line = Terminal.Progress("compare")
    private let state = Mutex(State())

    private struct State {
        var total = 0
        /// Start of the codebooks of every dataset's fit.
        var starts: [String: Date] = [:]
    }

    /// Shows a piece of work, at once where it is a fit, which may take minutes.
    func show(_ progress: ComparisonProgress) {
        let name = "\(progress.dataset): \(text(progress.work)) \(progress.tokenizer)"
        state.withLock { $0.total = progress.total }
        line.update(
            progress.done,
            of: progress.total,
            name + codebooks(progress),
            isNew: progress.work == .fitting
        )
    }

    /// Shows the end.
    func finish() {
        let total = state.withLock { $0.total }
        line.update(total, of: total)
    }

    private func text(_ work: ComparisonProgress.Work) -> String {
        switch work {
        case .opening: "opening"
        case .fitting, .fittingCodebook: "fitting"
        case .measuring: "measuring"
        }
    }

    /// The codebook that is fitted, and the time until all are, once one is.
    private func codebooks(_ progress: ComparisonProgress) -> String {
        guard case .fittingCodebook(let done, let all) = progress.work, done < all else { return "" }
        let now = Date()
        let start = state.withLock { state in
            if done == 0 { state.starts[progress.dataset] = now }
            return state.starts[progress.dataset] ?? now
        }
        let left = now.timeIntervalSince(start) / Double(max(1, done)) * Double(all - done)
        return ", codebook \(done + 1) of \(all)"
            + (done > 0 ? ", fitted in \(Terminal.Progress.text(left))" : "")
    }
}
