internal import ArgumentParser
internal import Backbones
internal import Foundation
internal import NN
internal import Torch

/// Compares a backbone with what transformers computed from the same folder (`make parity`).
@main
struct BackboneParity: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backbone-parity",
        abstract: "Compares a backbone with what transformers computed from the same folder."
    )

    @ArgumentParser.Argument(help: "Folder of a published model, with reference/tensors.safetensors.")
    var folder: String

    @Option(
        help:
            "Largest relative error of any number: the difference as a fraction of the tensor's largest element."
    )
    var tolerance = 1e-4

    @Option(help: "Element type to compute in: float32, bfloat16 or float16.")
    var dtype = "float32"

    @Option(help: "Name in the table.")
    var name = ""

    @Flag(help: "Reads the weights and prints the time and memory that it took.")
    var loadOnly = false

    /// Input that policies' parts are compared on.
    private static let policyVariant = "prompt"

    @Flag(help: "Leaves the table's heading out.")
    var isContinued = false

    func run() throws {
        Torch.threadCount = 1
        guard let type = DType.allCases.first(where: { "\($0)" == dtype }) else {
            throw ValidationError("--dtype \(dtype): expected float32, bfloat16 or float16")
        }
        let pretrained = try PretrainedFolder(folder)
        guard !loadOnly else { return try load(pretrained, type) }
        let backbone = try PretrainedBackbones.open(pretrained, dtype: type, device: .cpu)
        let reference = try Reference(in: pretrained.url)
        guard reference.variants.contains(Self.policyVariant) else {
            throw PretrainedError(
                file: pretrained.url.path,
                reason: "the reference has no input '\(Self.policyVariant)'"
            )
        }
        if !isContinued { print(Row.heading) }
        var failed: [String] = []
        for variant in reference.variants {
            var errors = try withoutGradients { try Comparison(backbone, reference, variant).errors }
            if variant == Self.policyVariant, type == .float32 {
                let policy = PolicyErrors(pretrained, try reference.input(of: variant))
                errors.merge(try policy.errors(of: backbone)) { one, _ in one }
            }
            print(Row(name: "\(name): \(variant)", errors: errors).text)
            failed += errors.filter { $0.key != PolicyErrors.rounded && !($0.value <= tolerance) }
                .map { "\(variant): \($0.key)" }
        }
        guard failed.isEmpty else {
            print("errors above \(tolerance): \(failed.sorted().joined(separator: "; "))")
            throw ExitCode.failure
        }
    }
}

extension BackboneParity {
    private func load(_ pretrained: PretrainedFolder, _ dtype: DType) throws {
        let before = Memory.peak
        let start = ContinuousClock.now
        let backbone = try PretrainedBackbones.open(pretrained, dtype: dtype, device: .cpu)
        let time = ContinuousClock.now - start
        let weights = backbone.tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
        let gigabytes = [weights, Memory.peak, before].map { String(format: "%.2f GB", Double($0) / 1e9) }
        print(
            "\(gigabytes[0]) of weights in \(dtype), read in \(time.formatted(.units(allowed: [.seconds])));",
            "peak memory of the process \(gigabytes[1]),",
            String(format: "%.3f of the weights;", Double(Memory.peak) / Double(weights)),
            "\(gigabytes[2]) before"
        )
    }
}

/// Memory of this process.
enum Memory {
    /// Largest resident size so far, in bytes, files mapped into memory included; 0 where the system does not tell.
    static var peak: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}

/// A line of the table: the largest errors of groups of tensors.
struct Row {
    static let groups = [
        "vision", "projector", "hidden", "keys", "values", "logits", "prefix", "cached", "expert", "LoRA",
        PolicyErrors.rounded,
    ]

    var name: String
    var errors: [String: Double]

    static var heading: String { line("", groups.map { $0 }) }

    var text: String {
        Self.line(name, Self.groups.map { group in errors[group].map { String(format: "%.1e", $0) } ?? "-" })
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        name.padding(toLength: max(58, name.count), withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
}
