import Foundation
import Support
import Testing

@testable import Training

@Suite("Batches")
struct BatchTests {
    @Test("visit every example once an epoch, in an order that depends on seed and step only")
    func order() {
        var order = EpochOrder(count: 10, batchSize: 4, seed: 3)
        let all = (0 ..< 5).map { order.indices(step: $0) }
        #expect(Set(all.flatMap { $0 }.prefix(10)).count == 10)
        #expect(all.flatMap { $0 }.prefix(10) != all.flatMap { $0 }.suffix(10))
        var late = EpochOrder(count: 10, batchSize: 4, seed: 3)
        #expect(late.indices(step: 3) == all[3])
        var other = EpochOrder(count: 10, batchSize: 4, seed: 4)
        #expect(other.indices(step: 0) != all[0])
    }

    @Test("come from the prefetcher in order")
    func prefetcher() {
        let prefetcher = Prefetcher(3 ..< 40, state: 0) { state, number in
            state += 1
            return number * 100 + state
        }
        for number in 3 ..< 40 { #expect(prefetcher.next() == number * 100 + number - 2) }
    }

    @Test("keep images as they are without augmentation")
    func augmentation() {
        var plain = Augmentation()
        (plain.shift, plain.brightness, plain.contrast) = (0, 0, 0)
        let source = (0 ..< 48).map { UInt8($0 * 5) }
        var target = [UInt8](repeating: 0, count: 48)
        var random = SeededRandom(seed: 1)
        let move = source.withUnsafeBufferPointer { from in
            target.withUnsafeMutableBufferPointer {
                plain.apply(from, height: 4, width: 4, to: $0, random: &random)
            }
        }
        #expect(target == source && move == ImageShift(right: 0, down: 0))
    }

    @Test("give the shift of an image's content")
    func shift() throws {
        var augmentation = Augmentation()
        (augmentation.shift, augmentation.brightness, augmentation.contrast) = (3, 0, 0)
        // One white pixel, in row 4 and column 6 of 8 x 12.
        let (height, width) = (8, 12)
        let source = (0 ..< height * width * 3).map { $0 / 3 == 4 * width + 6 ? UInt8(255) : 0 }
        for seed in 0 ..< 20 {
            var target = [UInt8](repeating: 0, count: source.count)
            var random = SeededRandom(seed: UInt64(seed))
            let move = source.withUnsafeBufferPointer { from in
                target.withUnsafeMutableBufferPointer {
                    augmentation.apply(from, height: height, width: width, to: $0, random: &random)
                }
            }
            let white = try #require(target.firstIndex(of: 255)) / 3
            #expect(white / width == 4 + move.down && white % width == 6 + move.right)
        }
    }

    @Test("move states by whole bins, within a limit and the range of bins")
    func states() {
        var augmentation = Augmentation()
        var random = SeededRandom(seed: 4)
        #expect(augmentation.changed([0, 9, 255], of: 256, random: &random) == [0, 9, 255])
        augmentation.state = 3
        let sampled = (0 ..< 400).map { _ in augmentation.changed([1, 100, 254], of: 256, random: &random) }
        #expect(Set(sampled.map { $0[0] }) == Set(0 ... 4))
        #expect(Set(sampled.map { $0[1] }) == Set(97 ... 103))
        #expect(Set(sampled.map { $0[2] }) == Set(251 ... 255))
    }

    @Test("select episodes as people write them")
    func episodes() throws {
        #expect(try EpisodeSelection("0:2,5,7:9", count: 10).indices == [0, 1, 5, 7, 8])
        #expect(try EpisodeSelection("6:9,2,7:10,2:4", count: 10).indices == [6, 7, 8, 2, 9, 3])
        #expect(try EpisodeSelection("1:9", count: 10).others(of: 10) == [0, 9])
        #expect(try EpisodeSelection("1:9", count: 10).trained(of: 10) == [0, 9])
        #expect(throws: DemonstrationsError.self) {
            try EpisodeSelection(":", count: 10).trained(of: 10)
        }
        #expect(try EpisodeSelection("2::4", count: 10).indices == [2, 6])
        #expect(try EpisodeSelection("^2::4,0", count: 10).indices == [1, 3, 4, 5, 7, 8, 9])
        for text in ["0:11", "3:3", "a", "1:2:0", "1:2:3:4", "-1:2", "^:", ""] {
            #expect(throws: DemonstrationsError.self) { try EpisodeSelection(text, count: 10) }
        }
    }
}
