internal import Foundation
internal import Support

/// A training's `metrics.jsonl` while it is written.
final class MetricsLog {
    private let handle: FileHandle
    private let start = Date()

    /// Opens the file in `folder` for appending, without the lines of steps from `step` on, which will be done again.
    init(in folder: URL, before step: Int) throws {
        let file = folder.appending(path: TrainingMetrics.fileName)
        let lines = step == 0 ? [] : TrainingMetrics.all(of: file)
        let kept = lines.filter { ($0["step"] ?? 0) < Double(step) }
        let text = try kept.reduce(into: Data()) { try $0.append(TrainingMetrics.line($1)) }
        try DurableFile.write(text, to: file)
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    deinit { try? handle.close() }

    /// Appends a line and returns it, with the step and the seconds since the log was opened.
    func append(_ metrics: [String: Double], step: Int) throws -> [String: Double] {
        var line = metrics
        line["step"] = Double(step)
        line["seconds"] = Date().timeIntervalSince(start)
        try handle.write(contentsOf: TrainingMetrics.line(line))
        return line
    }
}
