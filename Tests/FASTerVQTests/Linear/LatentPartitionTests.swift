import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Latent partition")
struct LatentPartitionTests {
    private let space: ActionSpace
    private let chunks: Tensor

    init() throws {
        Torch.seed(1)
        space = try ActionSpace(parsing: LinearSamples.space)
        let recorded = LinearSamples.normalizedChunks(episodes: 20).actions(on: .cpu)
        chunks = recorded - recorded.mean(0)
    }

    private func subspaces(_ partition: LatentPartition, positions: Int?) -> [LatentSubspace]? {
        partition.subspaces(
            of: chunks,
            space,
            positionCount: positions,
            bitsPerPosition: 36,
            targetError: 0.01
        )
    }

    private func bases(_ partition: LatentPartition, positions: Int?) -> [Tensor]? {
        subspaces(partition, positions: positions)?.map(\.basis)
    }

    @Test("has orthonormal bases of subspaces that are orthogonal", arguments: LatentPartition.allCases)
    func orthogonal(partition: LatentPartition) throws {
        let rows = Tensor.concatenated(try #require(bases(partition, positions: nil)), axis: 0)
        let products = rows.matmul(rows.transposed(0, 1))
        for (index, product) in products.floats.enumerated() {
            let isDiagonal = index / rows.size(0) == index % rows.size(0)
            #expect(abs(product - (isDiagonal ? 1 : 0)) < 1e-4)
        }
    }

    @Test("puts a gripper in a latent position of its own, or with all columns")
    func gripper() throws {
        let beside = try #require(bases(.componentsBesideGrippers, positions: 3))
        #expect(beside.count == 3)
        let energy = beside.map {
            $0.reshaped($0.size(0), LinearSamples.horizon, 5).squared().sum(0, 1).floats
        }
        #expect(energy[0][4] + energy[1][4] < 1e-6)
        #expect(energy[2][..<4].reduce(0, +) < 1e-6)
        #expect(try #require(bases(.components, positions: 3)).count == 3)
    }

    @Test("covers every value by patches, and has no other number of them than there are")
    func patches() throws {
        let patches = try #require(bases(.patches, positions: nil))
        // Four of joints, one of the gripper.
        #expect(patches.count == 5)
        #expect(patches.reduce(0) { $0 + $1.size(0) } == LinearSamples.horizon * 5)
        #expect(bases(.patches, positions: 4) == nil)
        #expect(bases(.componentsBesideGrippers, positions: 1) == nil)
    }

    @Test("gives the patches of one group the same codebooks, and components codebooks of their own")
    func types() throws {
        let patches = try #require(subspaces(.patches, positions: nil)).map(\.type)
        #expect(Set(patches[..<4]).count == 1 && patches[4] != patches[0])
        let components = try #require(subspaces(.components, positions: 4)).map(\.type)
        #expect(Set(components).count == 4)
    }

    @Test("needs few components where joints move together, and as many positions as the error takes")
    func components() throws {
        let components = PrincipalComponents(of: chunks, columns: [0, 1, 2])
        let total = components.variances.reduce(0, +)
        #expect(components.variances == components.variances.sorted(by: >))
        #expect(components.variances.prefix(5).reduce(0, +) > 0.97 * total)
        // Variances are those of the chunks along the components.
        let rows = components.rows([0, 1])
        let latents = chunks.reshaped(chunks.size(0), -1).matmul(rows.transposed(0, 1))
        for (found, expected) in zip(latents.squared().mean(0).floats, components.variances) {
            #expect(abs(Double(found) / expected - 1) < 0.2)
        }
        func count(_ error: Double) -> Int? {
            LatentPartition.components.subspaces(
                of: chunks,
                space,
                positionCount: nil,
                bitsPerPosition: 12,
                targetError: error
            )?.count
        }
        #expect(try #require(count(0.001)) > #require(count(0.1)))
    }

    @Test("gives a gripper that never moves a latent position without components, which encodes and decodes")
    func stillGripper() throws {
        var recorded = LinearSamples.normalizedChunks(episodes: 6)
        for index in stride(from: 4, to: recorded.values.count, by: 5) { recorded.values[index] = 1 }
        let actions = recorded.actions(on: .cpu)
        let still = actions - actions.mean(0)
        let bases = LatentPartition.componentsBesideGrippers.subspaces(
            of: still,
            space,
            positionCount: 3,
            bitsPerPosition: 36,
            targetError: 0.01
        )
        #expect(try #require(bases).map { $0.basis.size(0) }[2] == 0)
        var settings = LinearFASTerVQ.Fitting()
        (settings.codebookSize, settings.latentPositions) = (32, 3)
        let model = LinearFASTerVQ(
            fitting: recorded,
            space,
            LinearSamples.normalization,
            settings,
            device: .cpu
        )
        let decoded = model.decode(model.encode(actions), horizon: LinearSamples.horizon)
        #expect((decoded - actions).abs().mean().item < 0.1)
    }
}
