import Testing
import Torch

@testable import Backbones

@Suite("Keypoints")
struct KeypointsTests {
    @Test("are placed in single precision, also where products of matrices are in bfloat16")
    func precision() {
        Torch.seed(3)
        let (rows, columns) = (4, 6)
        let keypoints = Keypoints(
            count: 3,
            rows: rows,
            columns: columns,
            channels: 8,
            width: 16,
            device: .cpu
        )
        let (map, instruction) = (Tensor.randn([2, rows * columns, 8]), Tensor.randn([2, 16]))
        func centre(_ cell: Int, of cells: Int) -> Float { Float(2 * cell + 1) / Float(cells) - 1 }
        let cells = (0 ..< rows * columns).flatMap { cell -> [Float] in
            [centre(cell % columns, of: columns), centre(cell / columns, of: rows)]
        }
        let centres = Tensor(cells, shape: [rows * columns, 2])
        withoutGradients {
            for dtype in [nil, .bfloat16] as [DType?] {
                let found = withAutocast(to: dtype, on: .cpu) { keypoints(map, instruction: instruction) }
                #expect(found.positions.dtype == .float32)
                #expect((found.positions - found.heatmaps.matmul(centres)).abs().max().item < 1e-6)
            }
        }
    }
}
