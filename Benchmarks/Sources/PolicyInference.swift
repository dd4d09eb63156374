import ActionTokenizers
import Backbones
import FASTerVLA
import Foundation
import NN
import Torch

/// The compact policy from an observation to actions, and in training, beside the same network in PyTorch.
struct PolicyInference {
    private let effort: Effort
    private let sample: SamplePolicy
    private let torch: Peer

    init(_ effort: Effort) throws {
        self.effort = effort
        sample = try SamplePolicy()
        torch = try Peer(
            "policy.py",
            in: .peers,
            threads: effort.threads,
            [SamplePolicy.folder.path, sample.examples.path, String(effort.threads)]
        )
    }

    private var notes: [String] {
        [
            "The shipped MetaWorld policy, \(sample.parts.network.parameterCount) parameters, float32; PyTorch: \(torch.greeting)."
        ]
    }

    /// One observation, as tensors, to normalised actions, batch 1.
    func comparisons() throws -> [Comparison] {
        let (network, actions) = (sample.parts.network, sample.parts.actions)
        let fast = InferenceBackend(fastestFor: network)
        let work = try work(network, actions)
        var next = 0
        func acting(_ name: String, _ backend: InferenceBackend) -> Contestant {
            var decoder = ActionDecoder(network, actions: actions, backend: backend)
            return Contestant(name, least: effort.seconds, work: work.whole) {
                next = (next + 1) % sample.inputs.count
                try withoutGradients {
                    _ = try decoder.predict(after: backend.prefixEncoder.prefix(of: sample.inputs[next]))
                }
            }
        }
        func prefix(_ name: String, _ backend: InferenceBackend) -> Contestant {
            Contestant(name, least: effort.seconds, work: work.prefix) {
                withoutGradients { _ = backend.prefixEncoder.prefix(of: sample.inputs[0]) }
            }
        }
        func peer(_ name: String, _ call: String, _ work: ProductCount) -> Contestant {
            Contestant(name, work: work) { try torch.turn(call, least: effort.seconds) }
        }
        return [
            try Comparison(
                "One observation to a chunk of actions",
                notes: notes + ["One image of 96 x 96 pixels, batch 1, greedy."],
                unit: .milliseconds,
                rounds: effort.rounds,
                [
                    acting("FASTer", fast),
                    acting("FASTer through libtorch", InferenceBackend(network)),
                    peer("PyTorch, eager", "eager", work.whole),
                    peer("PyTorch, torch.compile", "compiled", work.whole),
                    prefix("prefix, FASTer", fast),
                    prefix("prefix, FASTer through libtorch", InferenceBackend(network)),
                    peer("prefix, PyTorch, eager", "prefix", work.prefix),
                ]
            ).ratio(0, to: 2, target: "at most 0.4").ratio(0, to: 3, target: "at most 0.8").ratio(4, to: 6)
        ]
    }

    private func work(
        _ network: FASTerVLANetwork,
        _ actions: ActionCoding
    ) throws -> (whole: ProductCount, prefix: ProductCount) {
        var decoder = ActionDecoder(network, actions: actions)
        return try withoutGradients {
            let (prefix, prefixWork) = countingProducts { network.backbone.prefix(of: sample.inputs[0]) }
            let (_, decoding) = try countingProducts { try decoder.predict(after: prefix) }
            return (prefixWork + decoding, prefixWork)
        }
    }

    /// Training steps of a batch, in single precision and with products in bfloat16.
    func trainingComparisons() throws -> [Comparison] {
        try [("single precision", nil, "train"), ("products in bfloat16", .bfloat16, "train-bfloat16")].map {
            (name: String, dtype: DType?, call: String) in
            let step = try PolicyTrainingStep(SamplePolicy.folder, sample.batch, dtype: dtype)
            var number = 0
            return try Comparison(
                "Training steps of \(sample.batch.targets.actions.size(0)) examples, \(name)",
                notes: notes + ["Loss of codes, clipped gradients, AdamW and averaged weights; no loader."],
                unit: .rate(of: "steps"),
                rounds: effort.rounds,
                [
                    Contestant("FASTer", least: effort.seconds) {
                        step(number)
                        number += 1
                    },
                    Contestant("PyTorch, eager") { try torch.turn(call, least: effort.seconds) },
                ]
            ).ratio(0, to: 1, target: "at least 1.2")
        }
    }
}
