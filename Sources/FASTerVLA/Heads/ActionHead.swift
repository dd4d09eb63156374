public import NN
public import Torch

/// What stands between an expert's features and a motion: how actions become inputs, and features answers.
///
/// The case's name is the key in a policy's `config.json`.
public enum ActionHead: Module {
    /// Codes of a tokenizer, a block a forward: FASTerVLA's own; with blocks of one code, any autoregressive policy.
    case codes(CodeHead)

    /// Flow matching: noise is turned into actions in a few steps (pi-0, arXiv 2410.24164).
    case flow(FlowHead)

    /// All actions of a chunk in one forward, by L1 regression (OpenVLA-OFT, arXiv 2502.19645).
    case regression(RegressionHead)

    /// The architecture of a head.
    public enum Configuration: Codable, Equatable, Sendable {
        /// See ``ActionHead/codes(_:)``.
        case codes(CodeHead.Configuration)
        /// See ``ActionHead/flow(_:)``.
        case flow(FlowHead.Configuration)
        /// See ``ActionHead/regression(_:)``.
        case regression(RegressionHead.Configuration)

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case codes, flow, regression
        }

        /// Reads an object whose only key is the head's name.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            switch container.allKeys.first {
            case .codes: self = .codes(try container.decode(CodeHead.Configuration.self, forKey: .codes))
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
            case .codes(let configuration): try container.encode(configuration, forKey: .codes)
            case .flow(let configuration): try container.encode(configuration, forKey: .flow)
            case .regression(let configuration): try container.encode(configuration, forKey: .regression)
            }
        }

        /// A head with first weights that reads and gives features of `width` channels.
        func makeHead(width: Int, device: Device) -> ActionHead {
            switch self {
            case .codes(let configuration): .codes(CodeHead(configuration, width: width, device: device))
            case .flow(let configuration): .flow(FlowHead(configuration, width: width, device: device))
            case .regression(let configuration):
                .regression(RegressionHead(configuration, width: width, device: device))
            }
        }
    }
}

/// What a batch should have been answered with.
public struct ActionTargets: Sendable {
    /// Normalised actions, float `[B, horizon, dimension]`.
    public let actions: Tensor

    /// Which steps lie inside the episode, bool `[B, horizon]`.
    public let isValid: Tensor

    /// int64 `[B, N]`, for heads that predict codes; -100 where a place lies beyond the episode's end and does not count.
    public let codes: Tensor?

    /// Wraps the targets of a batch.
    public init(actions: Tensor, isValid: Tensor, codes: Tensor?) {
        self.actions = actions
        self.isValid = isValid
        self.codes = codes
    }

    /// The mean over valid entries of `errors`, `[B, horizon, dimension]`: a scalar.
    func mean(of errors: Tensor) -> Tensor {
        let counted = isValid.to(.float32).unsqueezed(2)
        return (errors * counted).sum() / (counted.sum() * Double(errors.size(2))).clamped(1 ... .infinity)
    }
}

/// The loss of one batch and its parts.
public struct PolicyLoss {
    /// What is minimised, a scalar.
    public let total: Tensor

    /// Cross-entropy of every codebook, scalars; none where a head knows no codes.
    public let codebooks: [Tensor]

    /// Share of codes of every codebook predicted right, scalars.
    public let accuracies: [Tensor]

    init(total: Tensor, codebooks: [Tensor] = [], accuracies: [Tensor] = []) {
        self.total = total
        self.codebooks = codebooks
        self.accuracies = accuracies
    }
}

/// How losses are weighed.
public struct LossSettings: Sendable {
    /// Share of each codebook's loss in the whole, up to a factor; those that are left out count like the last one
    /// that is given, and all alike where none is.
    public var codebookWeights: [Double] = []

    /// Share of a target code spread over all entries.
    public var labelSmoothing = 0.0

    /// The defaults.
    public init() {}
}
