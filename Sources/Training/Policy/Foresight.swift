internal import Backbones
internal import NN
internal import Torch

/// A second task for the backbone while it is trained: to say from what it sees where the robot will be later.
///
/// Actions of the next moment tell little about a goal that is far away, for a robot that is far away moves at full speed
/// wherever exactly the goal is. Later states tell where it is, in recordings of any robot. The policy that is saved has
/// no part of this.
struct Foresight: Module {
    /// How far ahead, and how much it counts.
    struct Configuration: Codable, Equatable, Sendable {
        /// Chunks until each of the foreseen states; an episode's last state where it ends before.
        var chunks: [Int] = []

        /// The error's share in the loss, beside that of the actions.
        var weight = 1.0
    }

    /// What asks the backbone's keys, one a foreseen state: `[states, A, E]`.
    @Parameter private var queries: Tensor
    private let norm: LayerNorm
    private let up: Linear
    private let down: Linear

    /// Creates the readers of `states` states of `dimension` values each.
    init(states: Int, dimension: Int, backbone: any Backbone, device: Device) {
        let width = backbone.headCount * backbone.headWidth
        let queries = Tensor.randn([states, backbone.headCount, backbone.headWidth]).to(device)
        _queries = Parameter(wrappedValue: queries)
        norm = LayerNorm(width, device: device)
        up = Linear(width, width, device: device)
        down = Linear(width, dimension, gain: 0.1, device: device)
    }

    /// Normalised states, `[B, states, dimension]`.
    func callAsFunction(_ prefix: Prefix) -> Tensor {
        guard let keys = prefix.keys.last, let values = prefix.values.last else {
            preconditionFailure("a backbone has at least one layer")
        }
        let batch = keys.size(0)
        let asked = queries.to(keys.dtype).permuted(1, 0, 2).unsqueezed(0).expanded([batch, -1, -1, -1])
        let read = asked.attention(key: keys, value: values, mask: prefix.mask)
        let joined = read.transposed(1, 2).reshaped(batch, queries.size(0), -1)
        return down(up(norm(joined)).gelu())
    }

    /// Mean absolute error against `states`, normalised `[B, states, dimension]`: a scalar.
    func loss(of states: Tensor, after prefix: Prefix) -> Tensor {
        (self(prefix).to(.float32) - states).abs().mean()
    }
}

extension Range<Int> {
    /// The rows of an episode that lie `steps` after `row`, the last row where it ends before.
    func foreseen(from row: Int, after steps: [Int]) -> [Int] {
        steps.map { Swift.min(row + $0, upperBound - 1) }
    }
}
