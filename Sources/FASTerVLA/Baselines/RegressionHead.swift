internal import Backbones
public import NN
internal import Torch

// Axes in this file
//   B  batch      T  horizon      D  columns of an action

/// L1 regression of all actions of a chunk in one forward, from a learned query (as in OpenVLA-OFT, arXiv 2502.19645).
public struct RegressionHead: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Control steps of a chunk.
        public var horizon: Int

        /// Columns of an action.
        public var dimension: Int

        /// Describes a head for chunks of `horizon` actions of `dimension` columns.
        public init(horizon: Int, dimension: Int) {
            self.horizon = horizon
            self.dimension = dimension
        }
    }

    /// The architecture.
    public let configuration: Configuration

    private let query: Embedding
    private let mixing: FeedForward
    private let output: Linear

    init(_ configuration: Configuration, width: Int, device: Device) {
        self.configuration = configuration
        query = Embedding(1, width, standardDeviation: 0.5, device: device)
        mixing = FeedForward(width, hidden: width, device: device)
        output = Linear(width, configuration.dimension, gain: 0.1, device: device)
    }

    /// Normalised actions, `[B, T, D]`, after `prefix`, with its `cache`.
    func actions(after prefix: Prefix, cache: inout KeyValueCache, _ decoder: any SuffixDecoder) -> Tensor {
        // Positions tell the slots apart.
        let inputs = query.weight.unsqueezed(0).expanded([1, configuration.horizon, -1])
        let features = decoder.decode(inputs.expanded([prefix.batch, -1, -1]), after: prefix, &cache)
        return output(features + mixing(features))
    }
}

extension FASTerVLANetwork {
    /// Mean absolute error of all actions.
    func loss(of targets: ActionTargets, _ head: RegressionHead, after prefix: Prefix) -> PolicyLoss {
        var cache = KeyValueCache(prefix)
        let actions = head.actions(after: prefix, cache: &cache, suffixDecoder)
        return PolicyLoss(total: targets.mean(of: (actions.to(.float32) - targets.actions).abs()))
    }
}
