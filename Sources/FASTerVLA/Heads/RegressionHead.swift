public import NN
internal import Torch

/// A learned query for every step in, actions out, all in one forward (as in OpenVLA-OFT, arXiv 2502.19645).
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

    /// What the slots are fed: `[1, horizon, width]`; positions tell them apart.
    func inputs() -> Tensor { query.weight.unsqueezed(0).expanded([1, configuration.horizon, -1]) }

    /// `[B, horizon, width]` to normalised actions, `[B, horizon, dimension]`.
    func actions(_ features: Tensor) -> Tensor { output(features + mixing(features)) }
}
