import Foundation
import RobotTypes
import Synchronization

/// Keeps decoded images of a dataset in memory, for loaders that read frames in any order.
///
/// At the start every episode is decoded once, as many as the budget holds. Of further episodes, whole ones are decoded while
/// there is room when a frame of theirs is asked for, else that frame alone, by seeking.
public final class FrameStore: Sendable {
    /// The dataset whose images are kept.
    public let dataset: LeRobotDataset

    /// The cameras that can be read.
    public let cameras: [String]

    /// Bytes that images may take.
    public let byteBudget: Int

    private let sizes: [String: (height: Int, width: Int)]
    private let cache: Mutex<EpisodeCache>
    private let readers: FrameReaderPool

    /// Fills the store.
    ///
    /// - Parameters:
    ///   - dataset: The dataset.
    ///   - cameras: Cameras to decode; nil for all.
    ///   - scaledSizes: Sizes that cameras' images are scaled to, without distortion on black; others stay as recorded.
    ///   - episodes: Episodes to decode ahead, in order of preference; nil for all.
    ///   - byteBudget: Bytes that images may take; nil for half of the memory, or this process's share of it.
    ///   - processes: Processes of this machine that share the memory.
    ///   - threads: Episodes that are decoded at the same time.
    ///   - progress: Called after every episode with the number done and the number to do, on any thread.
    /// - Throws: ``LeRobotError`` when there is no such camera or episode, or a video is damaged.
    public init(
        dataset: LeRobotDataset,
        cameras: [String]? = nil,
        scaledSizes: [String: (height: Int, width: Int)] = [:],
        episodes: [Int]? = nil,
        byteBudget: Int? = nil,
        processes: Int = 1,
        threads: Int = 2,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(LeRobotError) {
        self.dataset = dataset
        readers = FrameReaderPool(dataset)
        self.cameras = cameras ?? dataset.cameras
        self.byteBudget = byteBudget ?? availableMemory() / 2 / max(1, processes)
        var sizes: [String: (height: Int, width: Int)] = [:]
        for camera in self.cameras {
            _ = try dataset.feature(ofCamera: camera)
            if let size = scaledSizes[camera] {
                sizes[camera] = size
            } else {
                sizes[camera] = try dataset.imageSize(of: camera)
            }
        }
        self.sizes = sizes
        cache = Mutex(EpisodeCache(byteBudget: self.byteBudget))
        let wanted = episodes ?? Array(dataset.episodes.indices)
        for episode in wanted where !dataset.episodes.indices.contains(episode) {
            throw .outOfRange(what: "episode", index: episode, count: dataset.episodes.count)
        }
        try decodeAhead(fitting(wanted), threads: max(1, threads), progress: progress)
    }

    /// Size of a camera's images; nil for a camera that the store was not asked to keep.
    public func size(of camera: String) -> (height: Int, width: Int)? {
        sizes[camera]
    }

    /// Copies the image of a camera at a frame, `[height, width, 3]`.
    ///
    /// - Parameters:
    ///   - camera: One of ``cameras``.
    ///   - frame: Position within the dataset.
    ///   - target: Room for the image, exactly.
    /// - Throws: ``LeRobotError`` when there is no such frame or camera, the room has another size, or the
    ///   video is damaged.
    public func pixels(
        camera: String,
        frame: Int,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(LeRobotError) {
        guard let position = cameras.firstIndex(of: camera), let size = size(of: camera) else {
            throw .noSuchFeature(camera, expected: "camera in the store", available: cameras)
        }
        let count = size.height * size.width * 3
        guard target.count == count else {
            throw .invalidData(
                field: "room for \(camera)",
                expected: "\(count) bytes",
                found: "\(target.count)"
            )
        }
        let episode = try dataset.episode(ofFrame: frame)
        let row = frame - episode.rows.lowerBound
        guard let images = try self.images(of: episode) else {
            let reader = readers.take()
            defer { readers.put(reader) }
            try reader.copyImage(camera: camera, episode: episode, frame: row, size: size, into: target)
            return
        }
        images[position].withUnsafeBufferPointer { pixels in
            _ = target.update(
                fromContentsOf: UnsafeBufferPointer(rebasing: pixels[row * count ..< (row + 1) * count])
            )
        }
    }

    /// The decoded images of an episode, one array a camera; nil where there is no room for them.
    private func images(of episode: Episode) throws(LeRobotError) -> [[UInt8]]? {
        let bytes = episode.length * frameBytes
        let found = cache.withLock { (images: $0[episode.index], hasRoom: $0.hasRoom(for: bytes)) }
        guard found.images == nil, found.hasRoom else { return found.images }
        let images = try decoded(episode, with: FrameReader(dataset))
        cache.withLock { $0.insert(images, for: episode.index) }
        return images
    }

    /// Bytes of the images of all cameras at one frame.
    private var frameBytes: Int { cameras.compactMap(size).reduce(0) { $0 + $1.height * $1.width * 3 } }

    /// All images of an episode, in the sizes that they are kept in.
    private func decoded(_ episode: Episode, with reader: FrameReader) throws(LeRobotError) -> [[UInt8]] {
        var images: [[UInt8]] = []
        for camera in cameras {
            guard let size = sizes[camera] else { continue }
            let bytes = size.height * size.width * 3
            var failure: LeRobotError?
            let pixels = [UInt8](unsafeUninitializedCapacity: episode.length * bytes) { buffer, count in
                // One at a time: recorded images may be a hundred times larger than scaled ones.
                do throws(LeRobotError) {
                    for frame in 0 ..< episode.length {
                        try reader.copyImage(
                            camera: camera,
                            episode: episode,
                            frame: frame,
                            size: size,
                            into: UnsafeMutableBufferPointer(
                                rebasing: buffer[frame * bytes ..< (frame + 1) * bytes]
                            )
                        )
                        count += bytes
                    }
                } catch { failure = error }
            }
            if let failure { throw failure }
            images.append(pixels)
        }
        return images
    }

    /// The first of `episodes` that fit the budget together.
    private func fitting(_ episodes: [Int]) -> [Episode] {
        let frameSize = frameBytes
        var bytes = 0
        return episodes.map { dataset.episodes[$0] }.prefix { episode in
            bytes += episode.length * frameSize
            return bytes <= byteBudget
        }
    }

    private func decodeAhead(
        _ episodes: [Episode],
        threads: Int,
        progress: (@Sendable (Int, Int) -> Void)?
    ) throws(LeRobotError) {
        guard !cameras.isEmpty else { return }
        let state = Mutex((next: 0, done: 0, failure: LeRobotError?.none))
        DispatchQueue.concurrentPerform(iterations: min(threads, max(1, episodes.count))) { _ in
            let reader = FrameReader(dataset)
            while let index = state.withLock({ state -> Int? in
                guard state.failure == nil, state.next < episodes.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }) {
                do throws(LeRobotError) {
                    let images = try decoded(episodes[index], with: reader)
                    cache.withLock { $0.insert(images, for: episodes[index].index) }
                    let done = state.withLock { state in
                        state.done += 1
                        return state.done
                    }
                    progress?(done, episodes.count)
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}
