import FASTerVLA
import Testing
import Torch

@Suite("Block schedules")
struct BlockScheduleTests {
    @Test("need one forward a codebook by default, one a code token by token")
    func forwards() {
        let schedule = BlockSchedule(codebookCount: 3, latentPositionCount: 7)
        #expect(schedule.blocks == [0 ..< 7, 7 ..< 14, 14 ..< 21])
        #expect(schedule.withBlockSize(1).blocks.count == 21)
        #expect(schedule.withBlockSize(8).blocks == [0 ..< 8, 8 ..< 16, 16 ..< 21])
    }

    @Test("let a slot see its own block and the earlier ones")
    func mask() {
        let mask = BlockSchedule(codebookCount: 2, latentPositionCount: 2).mask(slots: 4, device: .cpu)
        #expect(mask.values(as: UInt8.self) == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test("are spaced evenly at inference and within bounds in training")
    func spacing() {
        let gaps = PositionGaps()
        #expect(gaps.positions(3, from: Tensor([5])).floats == [5, 7, 9])
        let perturbed = gaps.perturbedPositions(200, batch: 4, from: Tensor([5]))
        let found = perturbed.narrowed(1, from: 1, count: 199) - perturbed.narrowed(1, from: 0, count: 199)
        #expect(Set(found.floats) == [1, 2, 3])
        #expect(abs(found.mean().item - 2) < 0.1)
    }
}
