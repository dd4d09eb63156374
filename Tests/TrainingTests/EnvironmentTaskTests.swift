import Backbones
import LeRobot
import NN
import RobotTypes
import Support
import Testing
import Torch

@testable import Training

@Suite("Where things are")
struct EnvironmentTaskTests {
    @Test("a place is the mean of the cells that it is shared out to")
    func shares() {
        let places: [Float] = [0, 0, -0.75, 0.5, 0.3, -0.41, 0.99, -0.99, 1.5, 0]
        let (rows, columns) = (4, 8)
        let all = CellShares.shares(of: places, rows: rows, columns: columns)
        for thing in 0 ..< 5 {
            let shares = all[thing * 32 ..< (thing + 1) * 32].map(Double.init)
            let total = shares.reduce(0, +)
            guard thing < 4 else {
                #expect(total == 0, "outside of the picture")
                continue
            }
            #expect(abs(total - 1) < 1e-6)
            var (right, down) = (0.0, 0.0)
            for (cell, share) in shares.enumerated() {
                right += share * ((Double(cell % columns) + 0.5) / Double(columns) * 2 - 1)
                down += share * ((Double(cell / columns) + 0.5) / Double(rows) * 2 - 1)
            }
            // A place nearer to the edge than the outermost centre counts as there.
            #expect(abs(right - min(max(Double(places[2 * thing]), -0.875), 0.875)) < 1e-6)
            #expect(abs(down - min(max(Double(places[2 * thing + 1]), -0.75), 0.75)) < 1e-6)
        }
    }

    @Test("columns are told apart by their names: values, and places in the pictures of the policy's cameras")
    func columns() {
        let states = FrameTable.Column(
            name: "observation.environment_state",
            dimension: 6,
            values: [0, 10, 0.1, 0.2, 0.3, 0.4, 1, 20, 0.5, 0.6, 0.7, 0.8]
        )
        let names = [
            "goal_x", "goal_y", "top_goal_right", "top_goal_down", "side_goal_right", "side_goal_down",
        ]
        func targets(_ columns: [Int]) -> EnvironmentTargets {
            EnvironmentTargets(
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
        #expect(targets([]).columns == [0, 1])
        #expect(targets([]).values([1, 0]) == [1, 20, 0, 10])
        #expect(targets([1]).values([1, 0]) == [20, 10])
        #expect(targets([]).places([1, 0]) == [[0.7, 0.8, 0.3, 0.4], []])
    }

    private func makeBackbone() -> CompactBackbone {
        Torch.seed(5)
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 32, keypoints: 2)],
            stateDimension: 1
        )
        (configuration.width, configuration.layerCount) = (32, 2)
        configuration.environmentStateDimension = 2
        return CompactBackbone(configuration, device: .cpu)
    }

    /// Black pictures with one white square of 4 x 4 pixels each, and where it is.
    private func scene(_ step: UInt64) -> (input: PrefixInput, truth: EnvironmentTruth) {
        var random = SeededRandom(seed: 7, step)
        var (pixels, places): ([UInt8], [Float]) = ([], [])
        for _ in 0 ..< 16 {
            let (row, column) = (
                Int.random(in: 0 ..< 28, using: &random), Int.random(in: 0 ..< 28, using: &random)
            )
            pixels += (0 ..< 32 * 32).flatMap { pixel -> [UInt8] in
                let isWhite = row ..< row + 4 ~= pixel / 32 && column ..< column + 4 ~= pixel % 32
                return Array(repeating: isWhite ? 255 : 0, count: 3)
            }
            places += [Float(column + 2) / 16 - 1, Float(row + 2) / 16 - 1]
        }
        let input = PrefixInput(
            images: [Tensor(pixels, shape: [16, 32, 32, 3])],
            text: Tensor.ones([16, 4], dtype: .int64),
            state: Tensor.zeros([16, 1], dtype: .int64)
        )
        let shares = CellShares.shares(of: places, rows: 8, columns: 8)
        return (
            input,
            EnvironmentTruth(
                values: Tensor(places, shape: [16, 2]),
                cells: [Tensor(shares, shape: [16, 1, 64])]
            )
        )
    }

    @Test("are learned by keypoints that look at them")
    func learns() {
        let backbone = makeBackbone()
        let task = EnvironmentTask(weight: 1, places: 0.1)
        let optimizer = AdamW(backbone.parameters, configuration: .init())
        func error(_ step: UInt64) -> Double {
            let (input, truth) = scene(step)
            let sight = withoutGradients { backbone.prefix(of: input).sight }
            return sight.map { ($0.environmentState - truth.values).abs().mean().item } ?? .infinity
        }
        let before = error(1000)
        for step in 0 ..< 150 {
            let (input, truth) = scene(UInt64(step))
            guard let sight = backbone.prefix(of: input).sight else {
                Issue.record("the backbone tells nothing")
                return
            }
            #expect(sight.environmentState.shape == [16, 2] && sight.shares[0].shape == [16, 2, 64])
            task.loss(of: sight, against: truth).backward()
            optimizer.step(factor: 10)
            optimizer.forgetGradients()
        }
        #expect(before > 0.3)
        #expect(error(1000) < 0.12)
    }

    @Test("are not told otherwise because an action would like it so")
    func answersForItself() throws {
        let backbone = makeBackbone()
        let values = try #require(backbone.prefix(of: scene(0).input).values.last)
        (values * values).sum().backward()
        func largest(_ part: String) -> Double {
            backbone.parameters.filter { $0.name.hasPrefix(part) }.compactMap(\.tensor.gradient)
                .map { $0.abs().max().item }.max() ?? 0
        }
        #expect(largest("environment.told") > 0)
        #expect(largest("environment.layers") == 0)
    }
}
