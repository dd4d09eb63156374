import Backbones
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
        configuration.environmentStateDimension = 3
        (configuration.width, configuration.layerCount, configuration.headCount) = (16, 2, 2)
        let backbone = CompactBackbone(configuration, device: .cpu)
        let input = PrefixInput(
            images: [Tensor.randint(0 ..< 256, [2, 32, 32, 3]).to(.uint8)],
            text: .zeros([2, 8], dtype: .int64),
            state: Tensor([3, 200, 0, 255], shape: [2, 2])
        )
        let prefix = withoutGradients { backbone.prefix(of: input) }
        let estimate = try #require(prefix.sight).environmentState
        for tensor in prefix.keys + prefix.values + [estimate] {
            #expect(tensor.isFinite().all().item == 1)
        }
    }

    @Test("knows numbers that make no network")
    func problems() {
        func problem(_ change: (inout CompactBackbone.Configuration) -> Void) -> String? {
            var configuration = CompactBackbone.Configuration(
                cameras: [.init(height: 32, width: 32, pixelsPerToken: 16)],
                stateDimension: 2
            )
            change(&configuration)
            return configuration.problem
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.headCount = 0 } == "'headCount' should be in 1 ... 65536, found 0")
        #expect(
            problem { $0.headCount = 5 }
                == "'width' should be a multiple of 10, as 'headCount' is 5, found 192"
        )
        #expect(problem { $0.bytesPerToken = 0 } == "'bytesPerToken' should be in 1 ... 65536, found 0")
        #expect(
            problem { $0.longestInstruction = 3 }
                == "'longestInstruction' should be at least 'bytesPerToken', 4, found 3"
        )
        #expect(problem { $0.cameras = [] } == "'cameras' should hold at least one")
        #expect(
            problem { $0.cameras[0].pixelsPerToken = 12 }
                == "'cameras[0]': 'pixelsPerToken' should be 4, 8, 16 or 32, found 12"
        )
        #expect(
            problem { $0.cameras[0].height = 40 }
                == "'cameras[0]': 'height' should be a multiple of 'pixelsPerToken', 16, found 40"
        )
        #expect(
            problem { $0.environmentStateDimension = 2 }
                == "'environmentStateDimension' is 2, but no camera has keypoints above 0, which it is read off"
        )
    }
}
