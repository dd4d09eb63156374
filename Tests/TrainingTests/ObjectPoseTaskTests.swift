import Backbones
import LeRobot
import NN
import RobotTypes
import Support
import Testing
import Torch

@testable import Training

@Suite("The object-pose task")
struct ObjectPoseTaskTests {
    @Test("a position is the mean of its heatmap")
    func heatmaps() {
        let positions: [Float] = [0, 0, -0.75, 0.5, 0.3, -0.41, 0.99, -0.99, 1.5, 0]
        let (rows, columns) = (4, 8)
        let all = BilinearHeatmap.heatmaps(of: positions, rows: rows, columns: columns)
        for index in 0 ..< 5 {
            let heatmap = all[index * 32 ..< (index + 1) * 32].map(Double.init)
            let total = heatmap.reduce(0, +)
            guard index < 4 else {
                #expect(total == 0, "outside of the image")
                continue
            }
            #expect(abs(total - 1) < 1e-6)
            var (right, down) = (0.0, 0.0)
            for (cell, weight) in heatmap.enumerated() {
                right += weight * ((Double(cell % columns) + 0.5) / Double(columns) * 2 - 1)
                down += weight * ((Double(cell / columns) + 0.5) / Double(rows) * 2 - 1)
            }
            // A position nearer to the edge than the outermost centre counts as there.
            #expect(abs(right - min(max(Double(positions[2 * index]), -0.875), 0.875)) < 1e-6)
            #expect(abs(down - min(max(Double(positions[2 * index + 1]), -0.75), 0.75)) < 1e-6)
        }
    }

    @Test("a position is where the object is in an image that was scaled with borders")
    func letterboxes() throws {
        let recorded = (height: 30, width: 80)
        let (row, column) = (12, 50)
        let pixels = (0 ..< recorded.height * recorded.width).flatMap { pixel -> [UInt8] in
            let isWhite =
                row ..< row + 4 ~= pixel / recorded.width && column ..< column + 4 ~= pixel % recorded.width
            return Array(repeating: isWhite ? 255 : 0, count: 3)
        }
        let image = Image(width: recorded.width, height: recorded.height, pixels: pixels)
        let scaled = image.resizedWithPadding(width: 32, height: 32)
        var (total, right, down) = (0.0, 0.0, 0.0)
        for pixel in 0 ..< 32 * 32 {
            let weight = Double(scaled.pixels[3 * pixel])
            total += weight
            right += weight * ((Double(pixel % 32) + 0.5) / 16 - 1)
            down += weight * ((Double(pixel / 32) + 0.5) / 16 - 1)
        }
        let position = [Float(column + 2) / 40 - 1, Float(row + 2) / 15 - 1]
        let found = Letterbox(recorded, in: (height: 32, width: 32)).positions(position)
        #expect(abs(Double(found[0]) - right / total) < 0.02)
        #expect(abs(Double(found[1]) - down / total) < 0.02)
        // Beyond the recorded image there is nothing to see, though the border is there.
        #expect(Letterbox(recorded, in: (height: 32, width: 32)).positions([0, 1.2])[1] == 1.2)
        let same: [Float] = [0.3, -0.7]
        #expect(Letterbox((height: 128, width: 128), in: (height: 96, width: 96)).positions(same) == same)
    }

    @Test("columns are values or image positions of the policy's cameras, by their names")
    func columns() {
        let states = FrameTable.Column(
            name: "observation.environment_state",
            dimension: 6,
            values: [0, 10, 0.1, 0.2, 0.3, 0.4, 1, 20, 0.5, 0.6, 0.7, 0.8]
        )
        let names = [
            "goal_x", "goal_y", "top_goal_right", "top_goal_down", "side_goal_right", "side_goal_down",
        ]
        func labels(_ columns: [Int]) -> ObjectPoseLabels {
            ObjectPoseLabels(
                states: states,
                names: names,
                normalization: Normalization(
                    method: .identity,
                    statistics: featureStatistics(values: states.values, dimension: 6)
                ),
                columns: columns,
                cameras: ["observation.images.side", "observation.images.wrist"]
            )
        }
        #expect(labels([]).columns == [0, 1])
        #expect(labels([]).values([1, 0]) == [1, 20, 0, 10])
        #expect(labels([1]).values([1, 0]) == [20, 10])
        #expect(labels([]).imagePositions([1, 0]) == [[0.7, 0.8, 0.3, 0.4], []])
    }

    private func makeBackbone() -> CompactBackbone {
        Torch.seed(5)
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 32, keypoints: 2)],
            stateDimension: 1
        )
        (configuration.width, configuration.layerCount) = (32, 2)
        configuration.objectPoseDimension = 2
        return CompactBackbone(configuration, device: .cpu)
    }

    /// Black images with one white square of 4 x 4 pixels each, and its position.
    private func scene(_ step: UInt64) -> (input: PrefixInput, values: Tensor, heatmaps: [Tensor?]) {
        var random = SeededRandom(seed: 7, step)
        var (pixels, positions): ([UInt8], [Float]) = ([], [])
        for _ in 0 ..< 16 {
            let (row, column) = (
                Int.random(in: 0 ..< 28, using: &random), Int.random(in: 0 ..< 28, using: &random)
            )
            pixels += (0 ..< 32 * 32).flatMap { pixel -> [UInt8] in
                let isWhite = row ..< row + 4 ~= pixel / 32 && column ..< column + 4 ~= pixel % 32
                return Array(repeating: isWhite ? 255 : 0, count: 3)
            }
            positions += [Float(column + 2) / 16 - 1, Float(row + 2) / 16 - 1]
        }
        let input = PrefixInput(
            images: [Tensor(pixels, shape: [16, 32, 32, 3])],
            tokens: Tensor.ones([16, 4], dtype: .int64),
            state: Tensor.zeros([16, 1], dtype: .int64)
        )
        let heatmaps = BilinearHeatmap.heatmaps(of: positions, rows: 8, columns: 8)
        return (input, Tensor(positions, shape: [16, 2]), [Tensor(heatmaps, shape: [16, 1, 64])])
    }

    @Test("is learned by keypoints that look at the objects")
    func learns() {
        let backbone = makeBackbone()
        let optimizer = AdamW(backbone.parameters, configuration: .init())
        func error(_ step: UInt64) -> Double {
            let (input, values, _) = scene(step)
            let estimate = withoutGradients { backbone.output(for: input).objectPoses }
            return estimate.map { ($0.values - values).abs().mean().item } ?? .infinity
        }
        let before = error(1000)
        for step in 0 ..< 150 {
            let (input, values, heatmaps) = scene(UInt64(step))
            guard let estimate = backbone.output(for: input).objectPoses else {
                Issue.record("the backbone estimates nothing")
                return
            }
            #expect(estimate.values.shape == [16, 2] && estimate.heatmaps[0].shape == [16, 2, 64])
            ObjectPoseTask.loss(of: estimate, values: values, heatmaps: heatmaps, heatmapWeight: 0.1)
                .backward()
            optimizer.step(factor: 10)
            optimizer.forgetGradients()
        }
        #expect(before > 0.3)
        #expect(error(1000) < 0.12)
    }

    @Test("alone trains the estimate: actions do not")
    func isDetached() throws {
        let backbone = makeBackbone()
        let values = try #require(backbone.prefix(of: scene(0).input).values.last)
        (values * values).sum().backward()
        func largest(_ part: String) -> Double {
            backbone.parameters.filter { $0.name.hasPrefix(part) }.compactMap(\.tensor.gradient)
                .map { $0.abs().max().item }.max() ?? 0
        }
        #expect(largest("objectPose.projection") > 0)
        #expect(largest("objectPose.layers") == 0)
    }
}
