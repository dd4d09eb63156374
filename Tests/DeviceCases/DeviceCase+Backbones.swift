internal import FASTerVLA
internal import NN
internal import Torch

@testable internal import Backbones

extension DeviceCase {
    static let backbones: [DeviceCase] =
        SmallBackbone.allCases.flatMap { kind in
            [
                DeviceCase("\(kind), all weights trained") { device in
                    policy(kind.backbone(on: device), kind.input(on: device), device)
                },
                DeviceCase("\(kind), without action expert") { device in
                    policy(kind.backbone(on: device), kind.input(on: device), hasExpert: false, device)
                },
                DeviceCase("\(kind), LoRA") { device in
                    let backbone = withAdapters(.init()) { kind.backbone(on: device) }
                    backbone.freezeAllButAdapters()
                    return policy(backbone, kind.input(on: device), device)
                },
                DeviceCase("\(kind), frozen") { device in
                    let backbone = kind.backbone(on: device)
                    backbone.freeze()
                    return policy(backbone, kind.input(on: device), device)
                },
            ]
        }
        + [
            DeviceCase("gradient checkpointing") { device in
                let kind = SmallBackbone.smolVLM
                return withGradientCheckpointing(true) {
                    policy(kind.backbone(on: device), kind.input(on: device), device)
                }
            },
            DeviceCase("bfloat16 by autocast", tolerance: 0.1) { device in
                let kind = SmallBackbone.paliGemma
                return withAutocast(to: .bfloat16, on: device) {
                    policy(kind.backbone(on: device), kind.input(on: device), decodes: false, device)
                }
            },
            DeviceCase("compact backbone, patches and keypoints") { device in
                policy(SmallCompact.backbone(device), SmallCompact.input(device), device)
            },
            DeviceCase("compact backbone, trained image encoder") { device in
                let backbone = SmallCompact.backbone(device) { configuration in
                    var encoder = ImageEncoder.Configuration()
                    encoder.trainedBlocks = 1
                    configuration.imageEncoder = encoder
                    for camera in configuration.cameras.indices {
                        configuration.cameras[camera].pixelsPerToken = 32
                    }
                }
                return policy(backbone, SmallCompact.input(device), device)
            },
            DeviceCase("compact backbone, summary of a frozen image encoder's maps") { device in
                let backbone = SmallCompact.backbone(device) { configuration in
                    configuration.imageEncoder = .init()
                    configuration.summarizesImages = true
                    for camera in configuration.cameras.indices {
                        configuration.cameras[camera].pixelsPerToken = 0
                        configuration.cameras[camera].keypoints = 0
                    }
                }
                return policy(backbone, SmallCompact.input(device), device)
            },
        ]

    /// A step of a policy with a head of blocks, and its codes.
    private static func policy(
        _ backbone: any Backbone,
        _ input: PrefixInput,
        hasExpert: Bool = true,
        decodes: Bool = true,
        _ device: Device
    ) -> [NamedTensor] {
        var expert = ActionExpert.Configuration()
        expert.width = 8
        let network = FASTerVLANetwork(
            backbone: backbone,
            expert: hasExpert ? expert : nil,
            head: .blocks(SmallHead.blocks),
            device: device
        )
        return SmallHead.results(of: network, input, decodes: decodes, device)
    }
}

/// The compact backbone in tiny form.
enum SmallCompact {
    static func backbone(
        _ device: Device,
        _ change: (inout CompactBackbone.Configuration) -> Void = { _ in }
    ) -> CompactBackbone {
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 3),
                .init(height: 32, width: 64, pixelsPerToken: 32),
            ],
            stateDimension: 3
        )
        (configuration.width, configuration.layerCount) = (32, 2)
        configuration.objectPoseDimension = 2
        change(&configuration)
        return CompactBackbone(configuration, device: device)
    }

    /// Two observations; the second one has a shorter instruction and lacks an image.
    static func input(_ device: Device) -> PrefixInput {
        var configuration = CompactBackbone.Configuration(cameras: [], stateDimension: 3)
        configuration.cameras = [
            .init(height: 32, width: 32, pixelsPerToken: 16),
            .init(height: 32, width: 64, pixelsPerToken: 32),
        ]
        let images = [2 * 32 * 32 * 3, 2 * 32 * 64 * 3].map { count in (0 ..< count).map { UInt8($0 % 251) } }
        let observations = ObservationBatch(
            images: images,
            hasImage: [true, true, true, false],
            tokens: [Array(1 ..< 13), Array(1 ..< 6)],
            state: [5, 250, 17, 0, 99, 128]
        )
        return CompactProcessor(configuration)(observations, device: device)
    }
}
