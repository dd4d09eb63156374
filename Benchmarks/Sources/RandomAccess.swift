import Foundation
import Glibc
import LeRobot
import RobotTypes
import Synchronization

/// Frames of two cameras in random order from a cold cache, beside lerobot's loader.
struct RandomAccess {
    private let effort: Effort
    private let frames = 256
    private let batchSize = 32

    /// Episodes of the datasets.
    private static let lengths = [41, 57, 63, 75, 49, 81, 55, 67, 73, 59]

    init(_ effort: Effort) { self.effort = effort }

    /// Two comparisons for v2.1, which lerobot 0.3.3 writes and reads, and two for v3.0 and lerobot 0.4.4.
    func comparisons() throws -> [Comparison] {
        try [("v2.1", "0.3.3"), ("v3.0", "0.4.4")].flatMap { try comparisons(format: $0, lerobot: $1) }
    }

    private func comparisons(format: String, lerobot: String) throws -> [Comparison] {
        let folder = try recordings(lerobot)
        let peer = try Peer(
            "random_access.py",
            in: .peers,
            threads: effort.threads,
            [folder.path, lerobot, String(frames), String(batchSize)]
        )
        let ways = ["torchcodec-0", "torchcodec-2", "pyav-0", "pyav-2"]
        let total = Self.lengths.reduce(0, +)
        var memory = ["FASTer \(try Memory.peak { try scattered(folder) }) frame by frame"]
        memory.append("\(try Memory.peak { try epoch(folder) }) for the epoch")
        for way in ways { memory.append("lerobot \(way) \(Int(try peer.value("memory-" + way)))") }
        let own = [
            Contestant("FASTer, frame by frame") { try timed(frames, folder) { try scattered(folder) } },
            Contestant("FASTer, an epoch of all \(total) frames") {
                try timed(total, folder) { try epoch(folder) }
            },
        ]
        let theirs = ways.map { way in
            Contestant("lerobot, \(way.replacing("-", with: ", workers "))") {
                try PageCache.drop(folder)
                return try peer.seconds(way, least: 1e-3)
            }
        }
        var comparison = try Comparison(
            "\(format): random frames of two cameras, 480 x 640 and 240 x 320, AV1",
            notes: [
                "\(Self.lengths.count) episodes, \(total) frames, written by lerobot \(lerobot); \(frames) random frames in "
                    + "batches of \(batchSize), with the numbers of their rows; \(peer.greeting).",
                "Before every turn the files' pages are dropped (posix_fadvise, DONTNEED) and no decoder is open. FASTer "
                    + "opens the dataset anew in every turn; lerobot has it open, with its rows in an Arrow cache. Two "
                    + "threads of FASTer's. Its epoch decodes every episode once and keeps the images.",
                "Peak memory, MiB: \(memory.joined(separator: ", ")). FASTer's: the whole process, libtorch included; "
                    + "lerobot's: the process and its workers, shared pages once.",
            ],
            unit: .rate(of: "frames"),
            rounds: effort.rounds,
            own + theirs
        )
        for index in own.indices {
            for other in theirs.indices {
                comparison = comparison.ratio(index, to: own.count + other, target: "at least 5")
            }
        }
        var processor = try Comparison(
            "\(format): processor time of a frame, all threads and workers together",
            notes: ["The same work: what is left of it when other programs want the cores."],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                Contestant("FASTer, frame by frame") {
                    try PageCache.drop(folder)
                    return try Processor.seconds { try scattered(folder) } / Double(frames)
                },
                Contestant("FASTer, an epoch of all \(total) frames") {
                    try PageCache.drop(folder)
                    return try Processor.seconds { try epoch(folder) } / Double(total)
                },
            ]
                + ways.map { way in
                    Contestant("lerobot, \(way.replacing("-", with: ", workers "))") {
                        try PageCache.drop(folder)
                        return try peer.value("processor-" + way)
                    }
                }
        )
        for index in own.indices {
            for other in theirs.indices { processor = processor.ratio(own.count + other, to: index) }
        }
        return [comparison, processor]
    }

    /// The dataset that a version of lerobot writes, made once.
    private func recordings(_ lerobot: String) throws -> URL {
        let folder = Peer.packageRoot.appending(path: "runs/benchmarks/lerobot-\(lerobot)")
        guard !FileManager.default.fileExists(atPath: folder.appending(path: "meta/info.json").path) else {
            return folder
        }
        try Peer.run(
            "Tests/Peers/lerobot_makes_two_cameras.py",
            [folder.path, lerobot, "video", "480", "640"] + Self.lengths.map(String.init)
        )
        return folder
    }

    /// Seconds an item, from a cold cache.
    private func timed(_ items: Int, _ folder: URL, _ body: () throws -> Void) throws -> Double {
        try PageCache.drop(folder)
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        return (clock.now - start) / .seconds(1) / Double(items)
    }

    private func scattered(_ folder: URL) throws {
        let dataset = try LeRobotDataset(opening: folder)
        let store = try FrameStore(dataset: dataset, episodes: [], byteBudget: 0)
        try read(store, try dataset.loadTable(), Array((0 ..< dataset.frameCount).shuffled().prefix(frames)))
    }

    private func epoch(_ folder: URL) throws {
        let dataset = try LeRobotDataset(opening: folder)
        let store = try FrameStore(dataset: dataset, threads: 2)
        try read(store, try dataset.loadTable(), (0 ..< dataset.frameCount).shuffled())
    }

    /// Fetches batches: images of both cameras and the numbers of the rows.
    private func read(_ store: FrameStore, _ table: FrameTable, _ order: [Int]) throws {
        let actions = try table.actions
        let largest = store.cameras.compactMap(store.size).map { $0.height * $0.width * 3 }.max() ?? 0
        let images = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: batchSize * largest)
        defer { images.deallocate() }
        for first in stride(from: 0, to: order.count, by: batchSize) {
            let batch = Array(order[first ..< min(order.count, first + batchSize)])
            _ = batch.flatMap { actions.row($0) }
            for camera in store.cameras {
                guard let size = store.size(of: camera) else { continue }
                let bytes = size.height * size.width * 3
                let target = Batch(images: images)
                let failure = Mutex<LeRobotError?>(nil)
                DispatchQueue.concurrentPerform(iterations: batch.count) { index in
                    do throws(LeRobotError) {
                        try store.pixels(
                            camera: camera,
                            frame: batch[index],
                            into: UnsafeMutableBufferPointer(
                                rebasing: target.images[index * bytes ..< (index + 1) * bytes]
                            )
                        )
                    } catch { failure.withLock { $0 = error } }
                }
                if let failure = failure.withLock({ $0 }) { throw failure }
            }
        }
    }

    /// Images of a batch; every thread writes its own.
    private struct Batch: @unchecked Sendable {
        let images: UnsafeMutableBufferPointer<UInt8>
    }
}

/// The operating system's cache of files.
enum PageCache {
    /// Drops the pages of all files in a folder.
    static func drop(_ folder: URL) throws {
        sync()
        guard let files = FileManager.default.enumerator(atPath: folder.path) else { return }
        for case let path as String in files {
            let descriptor = open(folder.appending(path: path).path, O_RDONLY)
            guard descriptor >= 0 else { continue }
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
    }
}

/// Processor time of this process.
enum Processor {
    /// Seconds of all threads, in the program and in the operating system, while a closure runs.
    static func seconds(_ body: () throws -> Void) throws -> Double {
        let before = used
        try body()
        return used - before
    }

    /// Seconds of all threads so far.
    static var used: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Memory of this process.
enum Memory {
    /// Peak resident memory while a closure runs, MiB; memory that was taken before counts too.
    static func peak(_ body: () throws -> Void) throws -> Int {
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        try body()
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }
}
