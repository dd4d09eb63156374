import Backbones
import NN
import Support
import Testing
import Torch

@Suite("The compact backbone")
struct CompactBackboneTests {
    @Test("reads what comes without an instruction, keypoints included")
    func withoutInstruction() throws {
        Torch.seed(1)
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 2)],
            stateDimension: 2
        )
        configuration.objectPoseDimension = 3
        (configuration.width, configuration.layerCount, configuration.headCount) = (16, 2, 2)
        let backbone = CompactBackbone(configuration, device: .cpu)
        let input = PrefixInput(
            images: [Tensor.randint(0 ..< 256, [2, 32, 32, 3]).to(.uint8)],
            tokens: .zeros([2, 8], dtype: .int64),
            state: Tensor([3, 200, 0, 255], shape: [2, 2])
        )
        let output = withoutGradients { backbone.output(for: input) }
        let poses = try #require(output.objectPoses)
        for tensor in output.prefix.keys + output.prefix.values + [poses.values] {
            #expect(tensor.isFinite().all().item == 1)
        }
    }

    @Test(
        "reads features of a frozen encoder as it reads the images themselves, and trains on nothing of the encoder"
    )
    func encodedImages() throws {
        Torch.seed(1)
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 2),
                .init(height: 64, width: 32, pixelsPerToken: 32),
            ],
            stateDimension: 2
        )
        (configuration.width, configuration.layerCount, configuration.headCount) = (16, 2, 2)
        configuration.imageEncoder = .init()
        let backbone = CompactBackbone(configuration, device: .cpu)
        let input = PrefixInput(
            images: [[2, 32, 32, 3], [2, 64, 32, 3]].map { Tensor.randint(0 ..< 256, $0).to(.uint8) },
            tokens: Tensor([72, 105, 0, 0], shape: [1, 4]).expanded([2, 4]),
            state: Tensor([3, 200, 0, 255], shape: [2, 2])
        )
        let encoded = backbone.encodingImages(of: input)
        #expect(encoded.images.isEmpty)
        #expect(encoded.imageFeatures?.map(\.shape) == [[2, 4, 4, 112], [2, 8, 4, 112]])
        let (prefix, other) = (backbone.prefix(of: input), backbone.prefix(of: encoded))
        for (key, same) in zip(prefix.keys + prefix.values, other.keys + other.values) {
            #expect(key.floats == same.floats)
        }
        // 4 and 2 image patches, 2 keypoints, a word, 2 state values.
        #expect(prefix.length == 11)
        #expect(!backbone.parameters.contains { $0.name.hasPrefix("imageEncoder") })
        #expect(backbone.tensors.contains { $0.name.hasPrefix("imageEncoder.network.stem.") })
    }

    @Test("summarizes the maps of all cameras in eight tokens, where the instruction says what to look for")
    func summary() throws {
        Torch.seed(1)
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 32, pixelsPerToken: 0),
                .init(height: 64, width: 32, pixelsPerToken: 0),
            ],
            stateDimension: 2
        )
        (configuration.width, configuration.layerCount, configuration.headCount) = (16, 2, 2)
        configuration.imageEncoder = .init()
        configuration.summarizesImages = true
        configuration.objectPoseDimension = 3
        try configuration.validate()
        let backbone = CompactBackbone(configuration, device: .cpu)
        func poses(_ word: Int) throws -> [Float] {
            let input = PrefixInput(
                images: [[1, 32, 32, 3], [1, 64, 32, 3]].map { .full($0, 128, dtype: .uint8) },
                tokens: Tensor([word, 105, 0, 0], shape: [1, 4]),
                state: Tensor([3, 200], shape: [1, 2])
            )
            let output = withoutGradients { backbone.output(for: input) }
            // Four tokens of the estimate, eight of the summary, a word, two state values.
            #expect(output.prefix.length == 15)
            return try #require(output.objectPoses).values.floats
        }
        #expect(try poses(72) != poses(99))
    }

    @Test("sees nothing if it is blind")
    func blind() {
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 2)],
            stateDimension: 2
        )
        (configuration.width, configuration.layerCount, configuration.headCount) = (16, 2, 2)
        configuration.isBlind = true
        let backbone = CompactBackbone(configuration, device: .cpu)
        func keys(_ images: Tensor) -> [Float] {
            let input = PrefixInput(
                images: [images],
                tokens: Tensor([72, 105, 0, 0], shape: [1, 4]),
                state: Tensor([3, 200], shape: [1, 2])
            )
            return backbone.prefix(of: input).keys.flatMap(\.floats)
        }
        #expect(
            keys(.zeros([1, 32, 32, 3], dtype: .uint8)) == keys(.full([1, 32, 32, 3], 255, dtype: .uint8))
        )
        configuration.objectPoseDimension = 3
        #expect(throws: InvalidValue.self) { try configuration.validate() }
    }

    @Test("knows numbers that make no network")
    func invalidNumbers() {
        func error(_ change: (inout CompactBackbone.Configuration) -> Void) -> String? {
            var configuration = CompactBackbone.Configuration(
                cameras: [.init(height: 32, width: 32, pixelsPerToken: 16)],
                stateDimension: 2
            )
            change(&configuration)
            do {
                try configuration.validate()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.headCount = 0 } == "'headCount' should be in 1 ... 65536, found 0")
        #expect(
            error { $0.headCount = 5 }
                == "'width' should be a multiple of 10, as 'headCount' is 5, found 192"
        )
        #expect(error { $0.bytesPerToken = 0 } == "'bytesPerToken' should be in 1 ... 65536, found 0")
        #expect(
            error { $0.longestInstruction = 3 }
                == "'longestInstruction' should be at least 'bytesPerToken', 4, found 3"
        )
        #expect(error { $0.cameras = [] } == "'cameras' should be a list of at least one camera, found []")
        #expect(
            error { $0.cameras[0].pixelsPerToken = 12 }
                == "'cameras[0].pixelsPerToken' should be 4, 8, 16 or 32, found 12"
        )
        #expect(
            error { $0.cameras[0].height = 40 }
                == "'cameras[0].height' should be a multiple of 16, as 'pixelsPerToken' is 16, found 40"
        )
        #expect(
            error { $0.objectPoseDimension = 2 }
                == "'objectPoseDimension' should be left out, as there are neither keypoints nor a summary of the images, "
                + "which poses are estimated from, found 2"
        )
        #expect(
            error { $0.cameras[0].pixelsPerToken = 0 }
                == "'cameras[0].pixelsPerToken' should be 4, 8, 16 or 32, as images are not summarized, found 0"
        )
        #expect(
            error {
                $0.imageEncoder = .init()
                $0.summarizesImages = true
                ($0.cameras[0].pixelsPerToken, $0.cameras[0].height) = (0, 36)
            }
                == "'cameras[0].height' should be a multiple of 8, as the image encoder has a cell for so many pixels, found 36"
        )
    }
}
