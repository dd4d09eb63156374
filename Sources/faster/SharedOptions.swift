import ArgumentParser
import Foundation
import Torch
import Training

/// Device and threads of tensors.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Device to compute on: cpu, cuda, cuda:N or mps.")
    var device = "cpu"

    @Option(help: "Threads per operator (default: all cores).")
    var threads: Int?

    func validate() throws {
        guard let threads, !(1 ... 4096).contains(threads) else { return }
        throw ValidationError("--threads: expected 1 ... 4096, found \(threads)")
    }

    /// Applies the thread count and finds the device; called before anything that cannot be done twice.
    ///
    /// - Parameter localRank: Position among the ranks of a machine, which is the GPU of `--device cuda`; nil for one process.
    /// - Returns: The device.
    /// - Throws: `DeviceError` for a device that is not there.
    func prepare(localRank: Int? = nil) throws -> Device {
        WaitPolicy.spinBriefly()
        if let threads { Torch.threadCount = threads }
        Torch.keepFreedMemory()
        return try Device(parsing: device == "cuda" ? localRank.map { "cuda:\($0)" } ?? device : device)
    }
}

/// The robot that a policy for several serves.
struct EmbodimentOptions: ParsableArguments {
    @Option(help: "Robot to serve, of a policy for several; 'faster policy info' names them.")
    var embodiment: String?
}

/// Refuses a number that has to be positive.
func atLeastOne(_ number: Int, _ option: String) throws {
    guard number > 0 else { throw ValidationError("\(option): expected at least 1, found \(number)") }
}

/// Refuses a number of control steps that no chunk can have.
func horizonNumber(_ number: Int) throws {
    let largest = TokenizerRecipe.largestHorizon
    guard (1 ... largest).contains(number) else {
        throw ValidationError("--horizon: expected 1 ... \(largest), found \(number)")
    }
}

/// Refuses a number that is no TCP port; 0 stands for any free one.
func portNumber(_ number: Int, _ option: String) throws {
    guard (0 ... 65_535).contains(number) else {
        throw ValidationError("\(option): expected 0 ... 65535, found \(number)")
    }
}

extension String {
    /// The file or folder of this path.
    var asFile: URL { URL(filePath: self) }
}
