public import Foundation
public import NN
internal import Safetensors
internal import Support
internal import Torch

/// The course of one training: steps, what they measured, and checkpoints that a killed run goes on from.
///
/// Batches are pure functions of seed and step, and a checkpoint holds the weights, the optimizer's state and
/// libtorch's random state. So a run that was killed and resumed ends with the same weights, bit for bit, as one
/// that was not, given the same number of threads.
public struct TrainingRun {
    /// How far a run is, for people who watch.
    public struct Progress: Sendable {
        /// Steps done.
        public let step: Int
        /// Steps in all.
        public let total: Int
        /// The newest measurements.
        public let measurements: [String: Double]
    }

    /// File of measurements, one JSON object a line.
    public static let metricsFile = "metrics.jsonl"

    /// Steps between measurements, where nothing speaks for another number.
    static let usualMeasureEvery = 10

    private static let checkpointFile = "checkpoint.safetensors"

    private let folder: URL
    private let totalSteps: Int
    private let recipe: String
    private let measureEvery: Int
    private let checkpointEvery: Int
    private let report: (Progress) -> Void
    private let beforeStep: (Int) throws -> Void

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - folder: Where measurements and checkpoints go.
    ///   - totalSteps: Steps of the whole run.
    ///   - recipe: All that determines the run, as text; a checkpoint of another recipe is refused.
    ///   - measureEvery: Steps between measurements.
    ///   - checkpointEvery: Steps between checkpoints.
    ///   - report: Called at every measurement.
    ///   - beforeStep: Called before every step; what it throws ends the run there, as a kill would.
    public init(
        folder: URL,
        totalSteps: Int,
        recipe: String,
        measureEvery: Int,
        checkpointEvery: Int,
        report: @escaping (Progress) -> Void,
        beforeStep: @escaping (Int) throws -> Void = { _ in }
    ) {
        self.folder = folder
        self.totalSteps = totalSteps
        self.recipe = recipe
        self.measureEvery = measureEvery
        self.checkpointEvery = checkpointEvery
        self.report = report
        self.beforeStep = beforeStep
    }

    /// Runs the steps that are left.
    ///
    /// - Parameters:
    ///   - tensors: The model's tensors.
    ///   - optimizer: Its state is saved with them.
    ///   - resume: Whether to go on from the newest checkpoint, where there is one.
    ///   - prepare: Called with the first step, before it.
    ///   - step: Trains one step; asked to measure, it returns what it measured.
    /// - Throws: ``TrainingRunError`` for a checkpoint of another recipe, what `step` throws, and the system's errors.
    public func run(
        _ tensors: [NamedTensor],
        optimizer: AdamW,
        resume: Bool,
        prepare: (Int) throws -> Void = { _ in },
        step: (_ step: Int, _ measure: Bool) throws -> [String: Double]
    ) throws {
        let state = checkpointTensors(tensors, optimizer)
        let first = resume ? try restore(state) : 0
        if first == 0 { try? FileManager.default.removeItem(at: file(Self.checkpointFile)) }
        let metrics = try openMetrics(before: first)
        defer { try? metrics.close() }
        try prepare(first)
        let start = Date()
        for number in first ..< totalSteps {
            let measure = number % measureEvery == 0 || number == totalSteps - 1
            try beforeStep(number)
            var measured = try step(number, measure)
            if measure {
                measured["step"] = Double(number)
                measured["seconds"] = Date().timeIntervalSince(start)
                try metrics.write(contentsOf: TrainingMetrics.text(of: measured))
                report(Progress(step: number + 1, total: totalSteps, measurements: measured))
            }
            if (number + 1) % checkpointEvery == 0 && number + 1 < totalSteps {
                try save(checkpointTensors(tensors, optimizer), step: number + 1)
            }
        }
    }

    /// Forgets the checkpoint of a run whose result is safely on disk.
    public func finish() { try? FileManager.default.removeItem(at: file(Self.checkpointFile)) }

    private func file(_ name: String) -> URL { folder.appending(path: name) }

    private func checkpointTensors(_ tensors: [NamedTensor], _ optimizer: AdamW) -> [NamedTensor] {
        tensors.map { NamedTensor(name: "model.\($0.name)", tensor: $0.tensor) }
            + optimizer.state.map { NamedTensor(name: "optimizer.\($0.name)", tensor: $0.tensor) }
            + [NamedTensor(name: "random", tensor: Torch.randomState)]
    }

    private func save(_ state: [NamedTensor], step: Int) throws {
        try Checkpoint.save(
            state,
            metadata: ["step": String(step), "recipe": recipe],
            to: file(Self.checkpointFile)
        )
    }

    /// Fills `state` from the checkpoint and returns the step to go on with.
    private func restore(_ state: [NamedTensor]) throws -> Int {
        let url = file(Self.checkpointFile)
        guard FileManager.default.fileExists(atPath: url.path) else { return 0 }
        let metadata = try SafetensorsFile(reading: url).metadata
        guard metadata["recipe"] == recipe, let step = metadata["step"].flatMap(Int.init) else {
            let then = metadata["recipe"] ?? ""
            throw TrainingRunError(
                description:
                    "\(url.path): was written with other settings or data; resume with the same ones, "
                    + "or start anew without --resume (then: \(Self.settings(of: then, notIn: recipe)); now: "
                    + "\(Self.settings(of: recipe, notIn: then)))"
            )
        }
        try Checkpoint.load(state, from: url)
        if let random = state.last { Torch.randomState = random.tensor }
        return step
    }

    /// Those settings of a run's identity that another one's lacks, for people.
    private static func settings(of recipe: String, notIn other: String) -> String {
        let known = other.split(separator: ",")
        let settings = recipe.split(separator: ",").filter { !known.contains($0) }
            .map { $0.filter { !"{}\"".contains($0) }.trimmingCharacters(in: .whitespaces) }
        return settings.isEmpty ? "nothing of it" : settings.joined(separator: ", ")
    }

    /// Opens the measurements for appending, without those of steps that will be done again.
    private func openMetrics(before step: Int) throws -> FileHandle {
        let url = file(Self.metricsFile)
        let lines = step == 0 ? [] : TrainingMetrics.all(of: url)
        let kept = lines.filter { ($0["step"] ?? 0) < Double(step) }
        let text = try kept.map { try TrainingMetrics.text(of: $0) }.reduce(Data(), +)
        try DurableFile.write(text, to: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.seekToEnd()
        return handle
    }
}

/// A run that cannot go on.
public struct TrainingRunError: Error, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
