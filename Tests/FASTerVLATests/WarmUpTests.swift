import Backbones
import RobotTypes
import Synchronization
import TemporaryFolder
import Testing
import Torch

@testable import FASTerVLA

@Suite("Warming up")
struct WarmUpTests {
    /// A decoder that counts its forwards.
    private final class Counter: SuffixDecoder {
        private let base: any SuffixDecoder
        private let forwards = Mutex(0)

        init(_ base: any SuffixDecoder) { self.base = base }

        var count: Int { forwards.withLock { $0 } }

        var stack: DecoderStack? { nil }

        func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?) -> Tensor
        {
            forwards.withLock { $0 += 1 }
            return base.decode(inputs, positions: positions, cache: &cache, mask: mask)
        }
    }

    @Test("decodes all blocks before the first request: once for what is slow only once, once to be measured")
    func forwards() async throws {
        let folder = try TemporaryFolder()
        try SmallPolicy.save(to: folder.url)
        let counter = Mutex<Counter?>(nil)
        let policy = try await PolicyFolder.load(from: folder.url, device: .cpu) { network in
            let counting = Counter(network.suffixDecoder)
            counter.withLock { $0 = counting }
            return InferenceBackend(
                prefixEncoder: network.backbone,
                suffixDecoder: counting,
                head: network.blockHead
            )
        }
        let counting = try #require(counter.withLock { $0 })
        #expect(counting.count == 2 * 3)
        _ = try await policy.act(on: SmallPolicy.observation())
        #expect(counting.count == 3 * 3)
    }

    @Test("leaves the random generator as it was")
    func random() async throws {
        let (policy, _) = try SmallPolicy.policy()
        Torch.seed(3)
        let state = Torch.randomState
        let expected = Tensor.rand([4]).floats
        Torch.randomState = state
        try await policy.warmUp()
        #expect(Tensor.rand([4]).floats == expected)
    }
}
