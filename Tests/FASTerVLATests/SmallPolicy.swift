import Backbones
import FASTerVLA
import FASTerVQ
import Foundation
import PolicyProtocol
import RobotTypes
import Torch
import VectorQuantization

/// The smallest policy that still is one, with random weights: one camera, two state values, 3 codebooks.
enum SmallPolicy {
    /// The identity, of values that were recorded from -1 to 1.
    static func normalization(_ columns: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: columns)
        return Normalization(
            method: .quantiles,
            statistics: FeatureStatistics(
                mean: ones,
                std: ones,
                q01: ones.map { -$0 },
                q99: ones,
                min: ones.map { -$0 },
                max: ones
            )
        )
    }

    /// A tokenizer with random weights, of 3 codebooks of 16 entries.
    static func tokenizer(_ groups: String, seed: UInt64 = 1) throws -> FASTerVQTokenizer {
        Torch.seed(seed)
        let space = try ActionSpace(parsing: groups)
        var configuration = FASTerVQConfiguration(patches: PatchShape.fitting(space, horizon: 8))
        configuration.quantizer.codebookSize = 16
        configuration.autoencoder.width = 32
        let model = FASTerVQModel(configuration, device: .cpu)
        let embodiment = Embodiment(
            patchifier: try model.makePatchifier(space, horizon: 8),
            normalization: normalization(4),
            device: .cpu
        )
        model.initializeCodebooks(
            from: [
                ActionBatch(embodiment: embodiment, actions: .randn([32, 8, 4]), stepMask: .ones([32, 8]))
            ]
        )
        return try FASTerVQTokenizer(
            model,
            actionSpace: space,
            horizon: 8,
            normalization: normalization(4)
        )
    }

    private static func parts(
        committedSteps: Int = 0,
        earlyEnd: EarlyEnd? = nil
    ) throws -> (PolicyConfiguration, FASTerVLANetwork, FASTerVQTokenizer) {
        let tokenizer = try tokenizer("position=0:3,gripper=3")
        var backbone = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 16)],
            stateDimension: 2
        )
        (backbone.width, backbone.layerCount) = (32, 2)
        let contract = PolicyContract(
            cameras: [.init(name: "observation.images.front", height: 32, width: 32)],
            stateDimension: 2,
            horizon: 8,
            actionSpace: tokenizer.actionSpace,
            framesPerSecond: 20
        )
        var head = BlockHead.Configuration(
            schedule: BlockSchedule(codebookCount: 3, latentPositionCount: tokenizer.latentPositionCount),
            codebookSize: 16,
            dimension: 4
        )
        (head.committedSteps, head.earlyEnd) = (committedSteps, earlyEnd)
        let configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            expert: .init(),
            head: .blocks(head)
        )
        return (configuration, try FASTerVLANetwork(configuration, device: .cpu), tokenizer)
    }

    /// Writes the policy to `folder`.
    static func save(to folder: URL, earlyEnd: EarlyEnd? = nil) throws {
        let (configuration, network, tokenizer) = try parts(earlyEnd: earlyEnd)
        try PolicyFolder.save(
            configuration,
            network: network,
            actions: .codes(tokenizer),
            state: normalization(2),
            to: folder
        )
    }

    /// Writes a policy of flow matching to `folder`.
    static func saveFlow(to folder: URL) throws {
        var configuration = try parts().0
        configuration.head = .flow(.init(horizon: 8, dimension: 4))
        try PolicyFolder.save(
            configuration,
            network: try FASTerVLANetwork(configuration, device: .cpu),
            actions: .values(normalization(4)),
            state: normalization(2),
            to: folder
        )
    }

    /// The policy, and a tokenizer that records the codes it predicts.
    static func policy(
        _ decoding: DecodingSettings = DecodingSettings(),
        committedSteps: Int = 0,
        earlyEnd: EarlyEnd? = nil
    ) throws -> (policy: FASTerVLAPolicy, tokenizer: RecordingTokenizer) {
        let (configuration, network, tokenizer) = try parts(
            committedSteps: committedSteps,
            earlyEnd: earlyEnd
        )
        let recording = RecordingTokenizer(tokenizer)
        let policy = FASTerVLAPolicy(
            configuration: configuration,
            network: network,
            processor: try configuration.backbone.makeProcessor(nil),
            actions: .codes(recording),
            state: normalization(2),
            device: .cpu,
            decoding: decoding
        )
        return (policy, recording)
    }

    /// An observation that fulfils the contract.
    static func observation(state: [Float] = [0.1, -0.4]) -> Observation {
        Observation(
            images: [
                "observation.images.front": Image(
                    width: 32,
                    height: 32,
                    pixels: (0 ..< 32 * 32 * 3).map { UInt8($0 % 251) }
                )
            ],
            state: state,
            instruction: "open the drawer"
        )
    }

    /// The same observation as a message.
    static func message(_ changes: WireMap = WireMap()) -> WireValue {
        let observation = observation()
        var map: WireMap = [
            "observation/state": .array(NDArray(shape: [2], values: observation.state)),
            "prompt": .string(observation.instruction),
        ]
        for (camera, image) in observation.images {
            map[WireKey.feature(camera)] = .array(NDArray(shape: [32, 32, 3], bytes: image.pixels))
        }
        for (key, value) in changes.entries { map[key] = value }
        return .map(map)
    }
}
