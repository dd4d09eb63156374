import Evaluation
import Foundation
import LeRobot
import Synchronization
import Training

/// Progress and remarks for people, on standard error; standard output is for results.
enum Terminal {
    private static let isInteractive = isatty(2) == 1

    private static let quiet = Atomic(false)

    /// Says nothing: a process of a training whose rank 0 speaks.
    static var isQuiet: Bool {
        get { quiet.load(ordering: .relaxed) }
        set { quiet.store(newValue, ordering: .relaxed) }
    }

    /// One line of information.
    static func say(_ text: String) { write((isInteractive ? "\r\u{1B}[K" : "") + text + "\n") }

    /// One line about an inconsistency of a dataset.
    @Sendable
    static func warn(_ warning: DatasetWarning) { say("Warning: \(warning)") }

    static func write(_ text: String) {
        guard !isQuiet else { return }
        // A log without room must not end a training.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A progress line that overwrites itself on a terminal, and appears every few seconds elsewhere.
    final class Progress: @unchecked Sendable {
        private let label: String
        private var start = Date()
        private let lock = NSLock()
        private var shown = Date.distantPast
        /// Units done at the first update, and its time: the work before it is no measure of the rest.
        private var first: (done: Int, time: Date)?

        init(_ label: String) { self.label = label }

        /// Shows that `done` of `total` are done, at once if `detail` is about work that is new and may take long.
        func update(_ done: Int, of total: Int, _ detail: String = "", isNew: Bool = false) {
            lock.withLock {
                let now = Date()
                // Work that announces its beginning is timed from there.
                if first == nil, done == 0 { start = now }
                let begun = first ?? (done, now)
                first = begun
                let isLast = done >= total
                guard isLast || isNew || now.timeIntervalSince(shown) > (Terminal.isInteractive ? 0.2 : 10)
                else {
                    return
                }
                shown = now
                let pace = now.timeIntervalSince(begun.time) / Double(done - begun.done)
                let left = done > begun.done ? pace * Double(total - done) : .nan
                let time =
                    isLast
                    ? "in \(Self.text(now.timeIntervalSince(start)))"
                    : left.isNaN ? "" : "\(Self.text(left)) left"
                let line = "\(label)  \(done)/\(total)  \(time)  \(detail)"
                if Terminal.isInteractive {
                    Terminal.write("\r\u{1B}[K" + line + (isLast ? "\n" : ""))
                } else {
                    Terminal.write(line + "\n")
                }
            }
        }

        /// Shows how far a run of episodes is, and whether its simulators crashed.
        func update(_ run: RunProgress, _ detail: String) {
            let crashes = run.restarts == 0 ? "" : ", after \(run.restarts) crashes of the simulator"
            update(run.done, of: run.total, detail + crashes)
        }

        /// A duration for people.
        static func text(_ seconds: Double) -> String {
            seconds < 60
                ? String(format: "%.0f s", seconds)
                : String(format: "%d:%02d min", Int(seconds) / 60, Int(seconds) % 60)
        }
    }

    /// A line about work without an end, which overwrites itself on a terminal and appears every ten seconds elsewhere.
    final class StatusLine {
        private var shown = Date.distantPast
        private var text = ""

        /// Shows the line if it is another one, and if it is time for it.
        func show(_ text: String) {
            let isDue = Terminal.isInteractive || Date().timeIntervalSince(shown) > 10
            guard isDue, text != self.text else { return }
            (shown, self.text) = (Date(), text)
            Terminal.write(Terminal.isInteractive ? "\r\u{1B}[K" + text : text + "\n")
        }

        /// Removes the line from a terminal.
        func clear() { if Terminal.isInteractive { Terminal.write("\r\u{1B}[K") } }
    }

    /// A progress line of work that is often short: it appears after two seconds.
    final class DelayedProgress {
        private let start = Date()
        private let progress: Progress
        private var isShown = false

        init(_ label: String) { progress = Progress(label) }

        /// Shows that `done` of `total` are done.
        func update(_ done: Int, of total: Int, _ detail: String = "") {
            guard isShown || done < total && Date().timeIntervalSince(start) > 2 else { return }
            isShown = true
            progress.update(done, of: total, detail)
        }
    }

    /// Shows the latest of a training's measurements, not all of which are made at every step.
    static func training(_ label: String, showing keys: [String]) -> (Trainer.Progress) -> Void {
        let progress = Progress(label)
        var latest: [String: Double] = [:]
        return { run in
            latest.merge(run.metrics) { $1 }
            let detail = keys.compactMap { key in
                latest[key].map { "\(key) " + String(format: "%.4f", $0) }
            }
            progress.update(run.step, of: run.total, detail.joined(separator: "  "))
        }
    }

    /// Prints `value` as JSON on standard output.
    ///
    /// - Throws: ``OutputError`` where there is no room for it, as in a file on a full disk.
    static func printJSON(_ value: some Encodable) throws {
        let json = try encoder.encode(value)
        // Earlier output comes first.
        fflush(nil)
        do {
            try FileHandle.standardOutput.write(contentsOf: json + Data("\n".utf8))
        } catch {
            throw OutputError(
                description: "standard output: cannot be written: \(error.localizedDescription)"
            )
        }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
