internal import NN
internal import Torch

/// Early stopping: a training ends with the weights of its lowest validation error.
struct EarlyStopping {
    /// Metric of an evaluation; the lower the better.
    let metric: String

    /// Number of measurements in a row without a lower one after which the training ends; 0 never ends it.
    let patience: Int
}

/// The weights of a training's lowest validation error so far.
final class BestWeights {
    private let stopping: EarlyStopping
    private let weights: [NamedTensor]
    private let copies: [Tensor]

    /// Lowest error, number of steps before it (0: none yet), and number of measurements since, as a checkpoint holds them.
    private let record = Tensor([0.0, 0, 0])

    /// Watches `weights`, all that a task's state holds.
    init(_ weights: [NamedTensor], _ stopping: EarlyStopping) {
        (self.weights, self.stopping) = (weights, stopping)
        copies = withoutGradients { weights.map { $0.tensor.detached() + 0 } }
    }

    /// Number of steps before the lowest error; nil before one is measured.
    var step: Int? {
        let values: [Double] = record.values()
        return values[1] > 0 ? Int(values[1]) : nil
    }

    /// True after as many measurements without a lower error as the training is patient for.
    var isExhausted: Bool {
        let values: [Double] = record.values()
        return stopping.patience > 0 && Int(values[2]) >= stopping.patience
    }

    /// Keeps the weights if the error among `metrics`, which was measured with them after `step` steps, is the lowest.
    func consider(_ metrics: [String: Double], after step: Int) {
        guard let error = metrics[stopping.metric] else { return }
        let values: [Double] = record.values()
        if error.isFinite && (self.step == nil || error < values[0]) {
            record.copyInPlace(Tensor([error, Double(step), 0]))
            copy(from: weights.map(\.tensor), to: copies)
        } else {
            record.copyInPlace(Tensor([values[0], values[1], values[2] + 1]))
        }
    }

    /// Replaces the weights by the best ones, if any were measured.
    func apply() {
        guard step != nil else { return }
        copy(from: copies, to: weights.map(\.tensor))
    }

    private func copy(from sources: [Tensor], to targets: [Tensor]) {
        withoutGradients {
            for (source, target) in zip(sources, targets) { target.copyInPlace(source) }
        }
    }

    /// Weights and record, for a training that resumes from a checkpoint.
    var state: [NamedTensor] {
        zip(weights, copies).map { NamedTensor(name: "best.\($0.name)", tensor: $1) }
            + [NamedTensor(name: "best", tensor: record)]
    }
}
