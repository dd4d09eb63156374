internal import Torch

// Axes in this file
//   B  batch      n  slots of a block, or of a part of it      K  codebook entries

/// Sampling of a batch whose elements each have a random generator, so that each gets the tokens that it gets alone.
final class RowSampling {
    private let sampling: Sampling
    /// State of every element's generator; nil for elements without a seed, which share the process's.
    private var states: [Tensor?]

    /// Begins with `seeds`, one an element.
    init(_ sampling: Sampling, _ seeds: [UInt64?]) {
        self.sampling = sampling
        let shared = Torch.randomState
        defer { Torch.randomState = shared }
        states = seeds.map { seed in
            seed.map {
                Torch.seed($0)
                return Torch.randomState
            }
        }
    }

    /// Samples a token from every row of `logits`, `[B · n, K]`: int64 `[B · n]`.
    func codes(from logits: Tensor) -> Tensor {
        let count = logits.size(0) / states.count
        let rows = states.indices.map { row in
            let own = logits.narrowed(0, from: row * count, count: count)
            guard let state = states[row] else { return sampling.codes(from: own) }
            let shared = Torch.randomState
            defer { Torch.randomState = shared }
            Torch.randomState = state
            let codes = sampling.codes(from: own)
            states[row] = Torch.randomState
            return codes
        }
        return .concatenated(rows, axis: 0)
    }
}
