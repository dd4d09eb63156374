import Backbones
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
                == "'objectPoseDimension' should be left out, as no camera has keypoints, which poses are estimated "
                + "from, found 2"
        )
    }
}
