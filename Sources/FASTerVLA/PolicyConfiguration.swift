public import Backbones
public import RobotTypes
internal import Torch

/// Architecture and contract of a policy: `config.json` of its folder.
public struct PolicyConfiguration: Codable, Equatable, Sendable {
    /// A backbone's architecture; the key in the file is its name.
    public enum BackboneConfiguration: Codable, Equatable, Sendable {
        /// ``CompactBackbone``.
        case compact(CompactBackbone.Configuration)

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case compact
        }

        /// Reads `{"compact": {...}}`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self = .compact(try container.decode(CompactBackbone.Configuration.self, forKey: .compact))
        }

        /// Writes `{"compact": {...}}`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .compact(let configuration): try container.encode(configuration, forKey: .compact)
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
        }
    }

    /// Number of bins of a state value.
    var stateBins: Int { processor.stateBins }

    /// Observations as its inputs.
    var processor: any InputProcessor {
        switch self {
        case .compact(let configuration): CompactProcessor(configuration)
        }
    }

    /// True if it can decode without an expert.
    var supportsDecoding: Bool {
        switch self {
        case .compact(let configuration): configuration.supportsDecoding
        }
    }

    /// Channels of a token.
    var width: Int {
        switch self {
        case .compact(let configuration): configuration.width
        }
    }

    /// A backbone with random weights.
    func makeBackbone(device: Device) -> any Backbone {
        switch self {
        case .compact(let configuration): CompactBackbone(configuration, device: device)
        }
    }
}
