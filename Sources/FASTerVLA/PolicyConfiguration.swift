public import Backbones
internal import Foundation
public import NN
public import RobotTypes
internal import Torch

/// Architecture and contract of a policy: `config.json` of its folder.
public struct PolicyConfiguration: Codable, Equatable, Sendable {
    /// A backbone's architecture; the key in the file is its name.
    public enum BackboneConfiguration: Codable, Equatable, Sendable {
        /// ``CompactBackbone``.
        case compact(CompactBackbone.Configuration)
        /// A published model.
        case pretrained(PretrainedBackboneConfiguration)

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case compact, pretrained
        }

        /// Reads `{"compact": {...}}` or `{"pretrained": {...}}`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self =
                container.contains(.pretrained)
                ? .pretrained(try container.decode(PretrainedBackboneConfiguration.self, forKey: .pretrained))
                : .compact(try container.decode(CompactBackbone.Configuration.self, forKey: .compact))
        }

        /// Writes `{"compact": {...}}` or `{"pretrained": {...}}`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .compact(let configuration): try container.encode(configuration, forKey: .compact)
            case .pretrained(let configuration): try container.encode(configuration, forKey: .pretrained)
            }
        }
    }

    /// Version of the folder's layout.
    public var formatVersion = PolicyFolder.formatVersion

    /// Observations that the policy takes, and actions that it gives.
    ///
    /// A policy for several robots has those of the first here, or of the one that is loaded.
    public var contract: PolicyContract

    /// The robots of a policy for several; nil for one.
    public var mixture: PolicyMixture?

    /// The vision-language backbone.
    public var backbone: BackboneConfiguration

    /// The action expert; nil for a policy whose backbone decodes.
    public var expert: ActionExpert.Configuration?

    /// The action head.
    public var head: ActionHead.Configuration

    /// Whole numbers that the linear layers of backbone and expert have for weights; nil for weights of their element types.
    public internal(set) var quantization: WeightQuantization?

    /// Digest of the tokenizer that the policy was trained with (`TokenizerFolder.digest(of:)`); nil for heads without one, and
    /// until the policy is written.
    public internal(set) var tokenizerDigest: String?

    /// Describes a policy.
    public init(
        contract: PolicyContract,
        mixture: PolicyMixture? = nil,
        backbone: BackboneConfiguration,
        expert: ActionExpert.Configuration?,
        head: ActionHead.Configuration
    ) {
        self.contract = contract
        self.mixture = mixture
        self.backbone = backbone
        self.expert = expert
        self.head = head
    }
}

extension PolicyConfiguration.BackboneConfiguration {
    /// Height and width of every image that it reads, and the length of the state.
    var inputs: (images: [[Int]], stateDimension: Int) {
        switch self {
        case .compact(let configuration):
            (configuration.cameras.map { [$0.height, $0.width] }, configuration.stateDimension)
        case .pretrained(let configuration):
            (configuration.images.map { [$0.height, $0.width] }, configuration.stateDimension)
        }
    }

    /// Number of bins of a state value.
    var stateBins: Int {
        switch self {
        case .compact(let configuration): configuration.stateBins
        case .pretrained(let configuration): configuration.stateBins
        }
    }

    /// True if it can decode without an expert.
    var supportsDecoding: Bool {
        switch self {
        case .compact(let configuration): configuration.supportsDecoding
        case .pretrained: true
        }
    }

    /// Creates what turns observations into its inputs.
    ///
    /// - Parameter model: The published model; nil for the compact backbone.
    /// - Returns: The processor.
    /// - Throws: ``PolicyFolderError`` without the model, or for one that reads images of other sizes; the errors of published
    ///   models.
    public func makeProcessor(_ model: PretrainedModel?) throws -> any InputProcessor {
        switch self {
        case .compact(let configuration): return CompactProcessor(configuration)
        case .pretrained(let configuration):
            let model = try Self.require(model)
            let processor = try model.makeProcessor(configuration.settings)
            guard processor.imageSizes == configuration.images else {
                func text(_ sizes: [ImageSize]) -> String {
                    sizes.map { "\($0.height) x \($0.width)" }.joined(separator: ", ")
                }
                throw PolicyFolderError(
                    file: model.folder.appending(path: "config.json").path,
                    reason:
                        "the model reads images of \(text(processor.imageSizes)) pixels, the policy was trained on "
                        + text(configuration.images)
                )
            }
            return processor
        }
    }

    /// Creates a backbone: a compact one with random weights, or a published one with undefined weights.
    func makeBackbone(_ model: PretrainedModel?, device: Device) throws -> any Backbone {
        switch self {
        case .compact(let configuration): CompactBackbone(configuration, device: device)
        case .pretrained(let configuration):
            try configuration.makeNetwork(Self.require(model), device: device)
        }
    }

    private static func require(_ model: PretrainedModel?) throws -> PretrainedModel {
        if let model { return model }
        throw PolicyFolderError(
            file: PolicyFolder.backboneFolder,
            reason: "is missing, and the backbone is a published one"
        )
    }
}
