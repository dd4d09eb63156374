import Foundation
import RobotTypes
import Synchronization
import TemporaryFolder
import Testing

@testable import LeRobot

extension FrameStore {
    /// The image of a camera at a frame.
    fileprivate func image(camera: String, frame: Int) throws(LeRobotError) -> Image {
        let size = self.size(of: camera) ?? (0, 0)
        var pixels = [UInt8](repeating: 0, count: size.height * size.width * 3)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
            try self.pixels(camera: camera, frame: frame, into: buffer)
        }
        return Image(width: size.width, height: size.height, pixels: pixels)
    }
}

@Suite("Frame store")
struct FrameStoreTests {
    let cameras = ["observation.images.front", "observation.images.wrist"]

    @Test("memory is the machine's, or a container's where that is less")
    func memory() throws {
        let folder = try TemporaryFolder()
        let machine = Int(ProcessInfo.processInfo.physicalMemory)
        #expect(availableMemory(controlGroups: folder.url) == machine)
        for (text, expected) in [("max", machine), ("1048576", 1 << 20)] {
            try folder.write("\(text)\n", to: "memory.max")
            #expect(availableMemory(controlGroups: folder.url) == expected)
        }
    }

    private func withStore(
        byteBudget: Int? = nil,
        processes: Int = 1,
        _ body: (LeRobotDataset, FrameStore) throws -> Void
    ) throws {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: [6, 9, 1, 4], cameras: cameras).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        try body(dataset, FrameStore(dataset: dataset, byteBudget: byteBudget, processes: processes))
    }

    @Test("gives the frames that the dataset gives")
    func equal() throws {
        try withStore { dataset, store in
            #expect(store.size(of: cameras[0])?.width == 64)
            for index in 0 ..< dataset.frameCount {
                let image = try store.image(camera: cameras[index % 2], frame: index)
                #expect(SampleDataset.number(in: image) == index)
                let expected = try dataset.frame(at: index, camera: cameras[index % 2])
                #expect(image == expected)
            }
        }
    }

    @Test("gives images scaled as a server scales a robot's")
    func scaled() throws {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: [40, 3], cameras: cameras).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let store = try FrameStore(dataset: dataset, scaledSizes: [cameras[0]: (32, 32)])
        #expect(store.size(of: cameras[0])?.height == 32 && store.size(of: cameras[1])?.height == 48)
        for index in [0, 31, 32, 39, 42] {
            let whole = try dataset.frame(at: index, camera: cameras[0])
            let image = try store.image(camera: cameras[0], frame: index)
            #expect(image == whole.resizedWithPadding(width: 32, height: 32))
            #expect(try store.image(camera: cameras[1], frame: index).width == 64)
        }
    }

    @Test("decodes on demand beyond its budget")
    func budget() throws {
        let frame = 64 * 48 * 3 * 2
        try withStore(byteBudget: 10 * frame) { dataset, store in
            for index in (0 ..< dataset.frameCount).shuffled() {
                let image = try store.image(camera: cameras[0], frame: index)
                #expect(SampleDataset.number(in: image) == index)
            }
        }
    }

    @Test("takes half of the memory, or a share of it beside other processes")
    func shared() throws {
        try withStore { _, alone in
            #expect(alone.byteBudget == availableMemory() / 2)
            try withStore(processes: 4) { dataset, store in
                #expect(store.byteBudget == availableMemory() / 8)
                let image = try store.image(camera: cameras[1], frame: 3)
                let expected = try dataset.frame(at: 3, camera: cameras[1])
                #expect(image == expected)
            }
        }
    }

    @Test("keeps what fits its budget, and gives none of it up")
    func cache() {
        var cache = EpisodeCache(byteBudget: 10)
        func kept() -> [Int] { (0 ..< 5).filter { cache[$0] != nil } }
        for (episode, size) in [4, 4, 3, 2, 1].enumerated() {
            cache.insert([[UInt8](repeating: 0, count: size)], for: episode)
        }
        #expect(kept() == [0, 1, 3])
    }

    @Test("is safe to read from several threads")
    func threads() throws {
        try withStore(byteBudget: 64 * 48 * 3 * 2 * 12) { dataset, store in
            let wrong = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                for step in 0 ..< 60 {
                    let index = (step * 7 + thread * 3) % dataset.frameCount
                    let image = try? store.image(camera: cameras[step % 2], frame: index)
                    if image.map({ SampleDataset.number(in: $0) }) != index { wrong.withLock { $0 += 1 } }
                }
            }
            #expect(wrong.withLock { $0 } == 0)
        }
    }

    @Test("reports progress, and cameras and episodes that do not exist")
    func progress() throws {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: [6, 9], cameras: cameras).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let calls = Mutex<[Int]>([])
        let store = try FrameStore(dataset: dataset, cameras: [cameras[1]]) { done, total in
            #expect(total == 2)
            calls.withLock { $0.append(done) }
        }
        #expect(calls.withLock { $0.sorted() } == [1, 2])
        #expect(throws: LeRobotError.outOfRange(what: "frame", index: 15, count: 15)) {
            try store.image(camera: cameras[1], frame: 15)
        }
        #expect(
            throws: LeRobotError.noSuchFeature(
                cameras[0],
                expected: "camera in the store",
                available: [cameras[1]]
            )
        ) { try store.image(camera: cameras[0], frame: 0) }
    }
}
