public import NN
public import Torch

/// Action head: maps actions to inputs of the suffix, and features to actions.
///
/// The case's name is the key in a policy's `config.json`.
public enum ActionHead: Module {
    /// Tokens, a block per forward: the paper's; with blocks of one token, any autoregressive policy.
    case blocks(BlockHead)

    /// Flow matching (pi-0, arXiv 2410.24164).
    case flow(FlowHead)

    /// L1 regression of a chunk in one forward (OpenVLA-OFT, arXiv 2502.19645).
    case regression(RegressionHead)

    /// The architecture of a head.
    public enum Configuration: Codable, Equatable, Sendable {
        /// See ``ActionHead/blocks(_:)``.
        case blocks(BlockHead.Configuration)
        /// See ``ActionHead/flow(_:)``.
        case flow(FlowHead.Configuration)
        /// See ``ActionHead/regression(_:)``.
        case regression(RegressionHead.Configuration)

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case blocks, flow, regression
        }

        /// The head's name.
        public var name: String {
            switch self {
            case .blocks: CodingKeys.blocks.rawValue
            case .flow: CodingKeys.flow.rawValue
            case .regression: CodingKeys.regression.rawValue
            }
        }

        /// Reads an object whose only key is the head's name.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            switch container.allKeys.first {
            case .blocks: self = .blocks(try container.decode(BlockHead.Configuration.self, forKey: .blocks))
            case .flow: self = .flow(try container.decode(FlowHead.Configuration.self, forKey: .flow))
            case .regression:
                self = .regression(
                    try container.decode(RegressionHead.Configuration.self, forKey: .regression)
                )
            case nil:
                let known = CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
                throw DecodingError.dataCorrupted(
                    .init(codingPath: container.codingPath, debugDescription: "expected a head: \(known)")
                )
            }
        }

        /// Writes an object whose only key is the head's name.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .blocks(let configuration): try container.encode(configuration, forKey: .blocks)
            case .flow(let configuration): try container.encode(configuration, forKey: .flow)
            case .regression(let configuration): try container.encode(configuration, forKey: .regression)
            }
        }

        /// A head with random weights for features of `width` channels.
        func makeHead(width: Int, device: Device) -> ActionHead {
            switch self {
            case .blocks(let configuration): .blocks(BlockHead(configuration, width: width, device: device))
            case .flow(let configuration): .flow(FlowHead(configuration, width: width, device: device))
            case .regression(let configuration):
                .regression(RegressionHead(configuration, width: width, device: device))
            }
        }
    }
}

/// Demonstrated actions of a batch.
public struct ActionTargets: Sendable {
    /// Normalised actions, float `[B, horizon, dimension]`.
    public let actions: Tensor

    /// True for steps inside the episode, bool `[B, horizon]`.
    public let isValid: Tensor

    /// Codes, int64 `[B, N]`, for heads of tokens; -100 for a code beyond the episode's end, which is ignored.
    public let codes: Tensor?

    /// Number of leading codebooks that each chunk needs, int64 `[B]`, for heads with an ``EarlyEnd``.
    public let requiredCodebooks: Tensor?

    /// Numbers of entries that the loss's means divide by, see ``FASTerVLANetwork/entryCounts(of:)``; nil for the batch's own.
    var entryCounts: Tensor?

    /// Random inputs of a token head's loss beside the targets; nil to sample them in the loss.
    var conditioning: BlockConditioning?

    /// Wraps the targets of a batch.
    public init(actions: Tensor, isValid: Tensor, codes: Tensor?, requiredCodebooks: Tensor? = nil) {
        self.actions = actions
        self.isValid = isValid
        self.codes = codes
        self.requiredCodebooks = requiredCodebooks
    }

    /// The tensors that it is made of.
    public var tensors: [Tensor] { [actions, isValid] + [codes, requiredCodebooks].compactMap(\.self) }

    /// The mean over valid entries of `errors`, `[B, horizon, dimension]`: a scalar.
    func mean(of errors: Tensor) -> Tensor {
        let counted = isValid.to(.float32).unsqueezed(2)
        let entries = (entryCounts?.select(0, 0) ?? counted.sum()) * Double(errors.size(2))
        return (errors * counted).sum() / entries.clamped(1e-6 ... .infinity)
    }
}

/// The loss of one batch and its parts.
public struct PolicyLoss {
    /// The loss that is minimised, a scalar.
    public let total: Tensor

    /// Cross-entropy of every codebook, scalars; none for heads without tokens.
    public let codebooks: [Tensor]

    /// Fraction of codes of every codebook that is predicted right, scalars.
    public let accuracies: [Tensor]

    /// Fraction of early ends that is predicted right, a scalar; nil for heads without.
    public let endAccuracy: Tensor?

    init(
        total: Tensor,
        codebooks: [Tensor] = [],
        accuracies: [Tensor] = [],
        endAccuracy: Tensor? = nil
    ) {
        self.total = total
        self.codebooks = codebooks
        self.accuracies = accuracies
        self.endAccuracy = endAccuracy
    }
}

/// Weights of a loss's parts.
public struct LossSettings: Sendable {
    /// Weight of each codebook's cross-entropy, up to a factor; codebooks beyond the list weigh as its last one, and all the
    /// same with an empty list.
    public var codebookWeights: [Double] = []

    /// Soft labels of codes; nil for one-hot targets.
    public var softLabels: SoftLabels?

    /// Probability of a one-hot target that is spread over all classes.
    public var labelSmoothing = 0.0

    /// Weight of the closing slots' cross-entropy, that of `<EoBlk>`; small, as decoding stops there by the schedule.
    public var endOfBlockWeight = 0.01

    /// Weight of the early end's cross-entropy, for heads with an ``EarlyEnd``.
    public var earlyEndWeight = 1.0

    /// The defaults.
    public init() {}

    /// Weight of a codebook's cross-entropy.
    func weight(ofCodebook codebook: Int) -> Double {
        codebookWeights.isEmpty ? 1 : codebookWeights[min(codebook, codebookWeights.count - 1)]
    }
}
