public import Backbones
public import RobotTypes

/// Everything that makes a policy what it is, but for weights and statistics: `config.json` of its folder.
public struct PolicyConfiguration: Codable, Equatable, Sendable {
    /// Which backbone, and its architecture.
    ///
    /// The key in the file is the backbone's name.
    public enum BackboneConfiguration: Codable, Equatable, Sendable {
        /// The small transformer trained from scratch.
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

    /// Layout of the folder; raised when it changes.
    public var formatVersion = PolicyBundle.formatVersion

    /// What the robot must show and what it gets.
    public var contract: PolicyContract

    /// The vision-language model.
    public var backbone: BackboneConfiguration

    /// The action expert; without one, the backbone answers itself.
    public var expert: ActionExpert.Configuration?

    /// How features become actions.
    public var head: ActionHead.Configuration

    /// Describes a policy.
    public init(
        contract: PolicyContract,
        backbone: BackboneConfiguration,
        expert: ActionExpert.Configuration?,
        head: ActionHead.Configuration
    ) {
        self.contract = contract
        self.backbone = backbone
        self.expert = expert
        self.head = head
    }
}
