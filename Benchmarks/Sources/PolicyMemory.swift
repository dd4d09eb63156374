import Backbones
import FASTerVLA
import Foundation
import Torch

/// Peak memory of fresh processes that act or train by the shipped MetaWorld policy, beside PyTorch's.
struct PolicyMemory {
    /// First argument of a process that measures itself.
    static let argument = "policy-memory"

    private static let (acts, steps) = (50, 5)

    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// Peak resident memory, libraries that are mapped included.
    func comparisons() throws -> [Comparison] {
        let sample = try SamplePolicy()
        return try [
            ("Acting on \(Self.acts) observations, batch 1", "act", "eager", "at most 0.7"),
            (
                "\(Self.steps) training steps of \(sample.batch.targets.actions.size(0)) examples", "train",
                "train", "at most 0.7"
            ),
        ].map { title, own, call, target in
            try Comparison(
                title,
                notes: ["Peak resident memory of a process that loads the policy and does nothing else."],
                unit: .mebibytes,
                rounds: effort.rounds,
                [
                    Contestant("FASTer") { try Self.peak(of: own, threads: effort.threads) },
                    Contestant("PyTorch, eager") {
                        let peer = try Peer(
                            "policy.py",
                            in: .peers,
                            threads: effort.threads,
                            [SamplePolicy.folder.path, sample.examples.path, String(effort.threads)]
                        )
                        for _ in 0 ..< (own == "act" ? Self.acts : Self.steps) {
                            _ = try peer.turn(call, least: 0.001)
                        }
                        return try peer.value("peak")
                    },
                ]
            ).ratio(0, to: 1, target: target)
        }
    }

    /// Bytes of a process of this program.
    private static func peak(of task: String, threads: Int) throws -> Double {
        let (process, output) = (Process(), Pipe())
        process.executableURL = Bundle.main.executableURL
        process.arguments = [argument, task]
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": String(threads)]
        ) { $1 }
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let mebibytes = Double(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw PeerError(description: "expected the peak of \(task), found '\(said)'")
        }
        return mebibytes * 1_048_576
    }

    /// Does `task` and prints the peak of this process.
    static func measure(_ task: String) throws {
        Machine.prepare(threads: Int(ProcessInfo.processInfo.environment["OMP_NUM_THREADS"] ?? "1") ?? 1)
        print(
            try Memory.peak {
                let folder = SamplePolicy.folder
                guard task == "act" else {
                    let step = try PolicyTrainingStep(folder, SamplePolicy.trainingBatch(), dtype: nil)
                    for number in 0 ..< steps { step(number) }
                    return
                }
                let parts = try PolicyFolder.parts(of: folder, device: .cpu)
                let backend = InferenceBackend(fastestFor: parts.network)
                var decoder = ActionDecoder(parts.network, actions: parts.actions, backend: backend)
                try withoutGradients {
                    for _ in 0 ..< acts {
                        let prefix = backend.prefixEncoder.prefix(of: SamplePolicy.input(batch: 1))
                        _ = try decoder.predict(after: prefix)
                    }
                }
            }
        )
    }
}
