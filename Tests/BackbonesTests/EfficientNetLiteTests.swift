import Backbones
import Foundation
import GoldenTensors
import NN
import Support
import Testing
import Torch

/// Weights for ImageNet that the set-up fetches and converts.
enum PretrainedWeights {
    static let efficientNetLite0 = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../.deps/models/efficientnet-lite0/model.safetensors").standardizedFileURL
}

@Suite("EfficientNet-Lite0 with its weights for ImageNet")
struct EfficientNetLiteTests {
    private let golden: GoldenTensors

    init() throws { golden = try GoldenTensors("efficientnet_lite0", in: .module) }

    private func input(_ name: String) throws -> Tensor {
        EfficientNetLite.normalized(try golden.tensor(name).permuted(0, 3, 1, 2).to(.float32))
    }

    @Test("tells classes apart as its PyTorch definition does")
    func logits() throws {
        let network = EfficientNetLite(classCount: 1000)
        try network.load(from: PretrainedWeights.efficientNetLite0)
        let logits = try withoutGradients {
            network.logits(try input("image").enlarged(rows: 192, columns: 192))
        }
        #expect(try golden.difference(of: logits, to: "logits") == nil)
    }

    @Test("makes the same maps of even and of odd sizes, with the same gradients")
    func features() throws {
        let network = EfficientNetLite(stageCount: 5)
        try network.load(from: PretrainedWeights.efficientNetLite0)
        let features = try withoutGradients {
            network.features(try input("image").enlarged(rows: 192, columns: 192))
        }
        #expect(features.shape == [1, 112, 12, 12])
        #expect(try golden.difference(of: features, to: "features") == nil)

        let odd = try input("odd.image").requiringGradient()
        let map = network.features(odd)
        #expect(map.shape == [1, 112, 5, 7])
        #expect(try golden.difference(of: map, to: "odd.features") == nil)
        (map.squared().sum() * 0.5).backward()
        #expect(try golden.difference(of: #require(odd.gradient), to: "odd.gradient") == nil)
    }

    @Test("names weights that are missing or of another shape, and changes none then")
    func damagedWeights() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try Checkpoint.save([NamedTensor(name: "_conv_stem.weight", tensor: .ones([32, 3, 5, 5]))], to: file)
        let network = EfficientNetLite(stageCount: 1)
        let before = network.tensors.map(\.tensor.bytes)
        let error = #expect(throws: CheckpointError.self) { try network.load(from: file) }
        #expect(
            error?.problems.prefix(2) == [
                "'_conv_stem.weight': expected F32[32, 3, 3, 3], found F32[32, 3, 5, 5]",
                "'_bn0.weight' is missing",
            ]
        )
        #expect(network.tensors.map(\.tensor.bytes) == before)
    }
}

@Suite("The image encoder")
struct ImageEncoderTests {
    private let images = Tensor.randint(0 ..< 256, [6, 32, 32, 3]).to(.uint8)

    @Test("makes the golden's map of an image, in half precision")
    func golden() throws {
        let golden = try GoldenTensors("efficientnet_lite0", in: .module)
        let encoder = ImageEncoder(.init(), device: .cpu)
        try encoder.load(from: PretrainedWeights.efficientNetLite0)
        let features = try withoutGradients { encoder(try golden.tensor("image")) }
        let expected = try golden.tensor("features").permuted(0, 2, 3, 1).to(.float16)
        #expect(features.dtype == .float16 && features.shape == [1, 12, 12, 112])
        // A sum in another order may round to the next number of half precision.
        let error = (features.to(.float32) - expected.to(.float32)).abs().max().item
        #expect(error <= expected.to(.float32).abs().max().item / 1024)
    }

    @Test("makes the same map of an image alone as among others")
    func batches() {
        let encoder = ImageEncoder(.init(), device: .cpu)
        let (all, one) = withoutGradients {
            (encoder(images), encoder(images.narrowed(0, from: 5, count: 1)))
        }
        let error = (all.narrowed(0, from: 5, count: 1).to(.float32) - one.to(.float32)).abs().max().item
        #expect(error <= one.to(.float32).abs().max().item / 1024)
    }

    @Test("trains its last blocks only, or none")
    func trainedBlocks() throws {
        #expect(ImageEncoder(.init(), device: .cpu).parameters.isEmpty)
        var configuration = ImageEncoder.Configuration()
        configuration.trainedBlocks = 1
        let encoder = ImageEncoder(configuration, device: .cpu)
        let names = ["expansion", "depthwise", "projection"].flatMap { ["\($0).weight", "\($0).bias"] }
        #expect(encoder.parameters.map(\.name) == names.map { "network.blocks.10.\($0)" })
        encoder(images).squared().mean().backward()
        for parameter in encoder.parameters {
            let gradient = try #require(parameter.tensor.gradient)
            #expect(gradient.abs().max().item > 0, "\(parameter.name)")
        }
        #expect(encoder.tensors.count(where: { $0.tensor.gradient != nil }) == names.count)
    }

    @Test("knows settings that there is no encoder for")
    func validation() {
        func problem(_ change: (inout CompactBackbone.Configuration) -> Void) -> String? {
            var configuration = CompactBackbone.Configuration(
                cameras: [.init(height: 32, width: 32, pixelsPerToken: 16)],
                stateDimension: 2
            )
            configuration.imageEncoder = .init()
            change(&configuration)
            do {
                try configuration.validate()
                return nil
            } catch { return error.description }
        }
        #expect(problem { _ in } == nil)
        #expect(
            problem { $0.imageEncoder?.scale = 3 } == "'imageEncoder.scale' should be 1, 2 or 4, found 3"
        )
        #expect(
            problem { $0.imageEncoder?.trainedBlocks = 12 }
                == "'imageEncoder.trainedBlocks' should be in 0 ... 11, found 12"
        )
        #expect(
            problem { $0.cameras[0].pixelsPerToken = 8 }
                == "'cameras[0].pixelsPerToken' should be at least 16, 2 x 2 cells of the image encoder's map, found 8"
        )
    }
}
