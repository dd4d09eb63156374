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
    public var formatVersion = 1

    /// What the robot must show and what it gets.
    public var contract: PolicyContract

    /// The vision-language model.
    public var backbone: BackboneConfiguration

    /// The action expert.
    public var expert = ActionExpert.Configuration()

    /// How codes form blocks.
    public var schedule: BlockSchedule

    /// Entries of a codebook.
    public var codebookSize: Int

    /// Distances between action tokens.
    public var spacing = Spacing()

    /// How codes are chosen.
    public var sampling = Sampling.greedy

    /// Describes a policy.
    public init(
        contract: PolicyContract,
        backbone: BackboneConfiguration,
        schedule: BlockSchedule,
        codebookSize: Int
    ) {
        self.contract = contract
        self.backbone = backbone
        self.schedule = schedule
        self.codebookSize = codebookSize
    }
}
