internal import Backbones
public import Foundation
internal import NN
public import Torch

extension PolicyInspection {
    /// Loads a LeRobot policy, measures the machine, and the policy on a synthetic observation, whose answer may be of any length.
    ///
    /// - Parameters:
    ///   - folder: Folder of the policy.
    ///   - options: What the folder does not hold.
    ///   - device: Device to compute on.
    ///   - repetitions: Number of observations that are timed.
    /// - Throws: The errors of ``LeRobotPolicyFolder``.
    public init(
        ofLeRobotPolicy folder: URL,
        options: LeRobotPolicyFolder.Options = .init(),
        device: Device,
        repetitions: Int = 5
    ) throws {
        let loaded = try LeRobotPolicyFolder.parts(of: folder, options, device: device)
        let input = try loaded.input(loaded.synthetic)
        let speed = MachineSpeed(measuring: Self.dtype(of: loaded.network), on: device)
        var times: [[Double]] = [[], []]
        let (prefixTokens, forwards, work) = withoutGradients {
            let (prefix, prefixWork) = countingProducts { loaded.network.prefix(of: input) }
            let (answer, decodingWork) = countingProducts { loaded.decoder.answer(after: prefix) }
            for _ in 0 ..< repetitions {
                var stopwatch = Stopwatch(device)
                let prefix = loaded.network.prefix(of: input)
                times[0].append(stopwatch.lap() / .seconds(1))
                _ = loaded.decoder.answer(after: prefix)
                times[1].append(stopwatch.lap() / .seconds(1))
            }
            return (prefix.length, answer.times.count, [prefixWork, decodingWork])
        }
        let stages = zip(["prefix", "decoding"], zip(work, times)).map { name, measured in
            Stage(
                name: name,
                flops: measured.0.flops,
                bytes: measured.0.bytes,
                limit: speed.seconds(for: measured.0),
                seconds: measured.1.sorted()[repetitions / 2]
            )
        }
        self.init(
            parts: Self.parts(of: loaded.network),
            prefixTokens: prefixTokens,
            forwards: forwards,
            stages: stages,
            speeds: [speed, speed]
        )
    }
}
