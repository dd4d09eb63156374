internal import ArgumentParser
internal import DeviceCases
internal import Foundation
internal import NN
internal import Torch

/// A device beside the CPU (`make test-gpu`).
@main
struct DeviceParity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device-parity",
        abstract: "A device beside the CPU.",
        subcommands: [Comparison.self, Latency.self],
        defaultSubcommand: Comparison.self
    )
}

/// The device that is looked at.
struct DeviceOptions: ParsableArguments {
    @Option(help: "Device: cuda, cuda:N or cpu.")
    var device = "cuda"
}

/// Compares every part of the package on a device with itself on the CPU, forward and backward.
struct Comparison: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares every part of the package on a device with itself on the CPU."
    )

    @OptionGroup var on: DeviceOptions

    func run() throws {
        let device = try Device(parsing: on.device)
        Torch.roundToSinglePrecision()
        var failed: [String] = []
        print("| part | results | largest error | allowed |\n|---|---|---|---|")
        for part in DeviceCase.all {
            let (expected, found) = (try part.results(on: .cpu), try part.results(on: device))
            let errors = zip(expected, found).map { Self.error($1.tensor, from: $0.tensor) }
            let error = errors.max() ?? .infinity
            let (shown, allowed) = (String(format: "%.1e", error), String(format: "%.0e", part.tolerance))
            print("| \(part) | \(errors.count) | \(shown) | \(allowed) |")
            let names = zip(expected, errors).filter { !($1 <= part.tolerance) }.map(\.0.name)
            if expected.map(\.name) != found.map(\.name) || !names.isEmpty {
                failed.append("\(part): \(names.prefix(3).joined(separator: ", "))")
            }
        }
        guard failed.isEmpty else {
            print("\nabove what is allowed:\n" + failed.joined(separator: "\n"))
            throw ExitCode.failure
        }
    }

    /// The largest difference, as a fraction of the largest element; of codes, the fraction that differs.
    private static func error(_ found: Tensor, from expected: Tensor) -> Double {
        guard expected.shape == found.shape else { return .infinity }
        let (left, right) = (expected.values(as: Double.self), found.values(as: Double.self))
        guard expected.dtype.isFloatingPoint else {
            return Double(zip(left, right).count { $0 != $1 }) / Double(max(1, left.count))
        }
        let largest = left.map(abs).max() ?? 0
        let difference = zip(left, right).map { abs($0 - $1) }.max() ?? 0
        return difference.isNaN ? .infinity : difference / max(largest, 1e-6)
    }
}
