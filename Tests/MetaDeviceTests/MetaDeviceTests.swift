import DeviceCases
import MetaKernels
import NN
import Testing
import Torch

/// On the meta device an operator fails that meets a tensor of the CPU, so what runs there leaves none behind.
@Suite("Tensors without numbers")
struct MetaDeviceTests {
    init() { meta_kernels_are_linked() }

    @Test(
        "go through every part, forward and backward, and the host reads ends of sequences only",
        arguments: DeviceCase.all
    )
    func parts(part: DeviceCase) throws {
        let expected = try part.results(on: .cpu)
        let (found, transfers) = try listingTransfers { try part.results(on: .meta) }
        #expect(found.map(\.name) == expected.map(\.name))
        #expect(found.map(\.tensor.shape) == expected.map(\.tensor.shape))
        #expect(found.map(\.tensor.dtype) == expected.map(\.tensor.dtype))
        #expect(found.filter { $0.tensor.device != .meta }.map(\.name) == [])
        #expect(transfers.reads.count == part.reads, "\(transfers.reads)")
    }

    @Test("are read as zeros within a list of transfers, and are never read without")
    func reading() async {
        let (zeros, transfers) = listingTransfers { Tensor([1, 2, 3], device: .meta).integers }
        #expect(zeros == [0, 0, 0])
        #expect(transfers.uploads == ["int64[3] on cpu"] && transfers.reads == ["int64[3] on meta"])
        await #expect(processExitsWith: .failure) { _ = Tensor([1, 2, 3], device: .meta).integers }
    }

    @Test(
        "are copied once for decoding with cached constants, so that a graph of it needs nothing of the host"
    )
    func constants() {
        let cache = ConstantCache()
        let network = SmallNetwork(on: .meta)
        let first = withCachedConstants(cache) { listingTransfers { network.decode() } }.transfers
        let again = withCachedConstants(cache) { listingTransfers { network.decode() } }.transfers
        #expect(!first.uploads.isEmpty)
        #expect(again.uploads.isEmpty && again.reads.isEmpty, "\(again.uploads) \(again.reads)")
    }

    @Test("do not mix with tensors of the CPU, but for scalars")
    func mixing() async {
        #expect((Tensor.ones([2], device: .meta) * Tensor.scalar(2)).device == .meta)
        await #expect(processExitsWith: .failure) { _ = Tensor.ones([2], device: .meta) + Tensor.ones([2]) }
        await #expect(processExitsWith: .failure) {
            _ = Tensor.ones([2, 2], device: .meta).matmul(Tensor.ones([2, 2]))
        }
        await #expect(processExitsWith: .failure) {
            _ = Tensor.ones([2, 2], device: .meta).gathering(Tensor([0]), axis: 0)
        }
        await #expect(processExitsWith: .failure) {
            _ = Tensor.concatenated([.ones([2], device: .meta), .ones([2])], axis: 0)
        }
    }
}
