internal import Backbones
internal import Foundation
internal import LeRobot
internal import Support
internal import Torch

/// Features of a dataset's images by a frozen encoder, computed once, for loaders that read frames in any order.
struct ImageFeatures: Sendable {
    /// Features of one camera.
    private struct Camera: Sendable {
        /// Rows, columns and channels of a frame's features.
        var shape: [Int]
        /// By the number of the episode.
        var episodes: [Int: ImageFeatureCache.Features] = [:]
    }

    private let dataset: LeRobotDataset
    private var cameras: [String: Camera] = [:]

    /// Computes the features that the cache lacks, episode by episode; what is done is kept if it is interrupted.
    ///
    /// - Parameters:
    ///   - dataset: The dataset.
    ///   - sizes: Cameras, with the sizes that their images are scaled to.
    ///   - episodes: Episodes.
    ///   - cache: The encoder and its files.
    ///   - progress: Called after every episode of a camera with the number done and the number to do.
    /// - Throws: The errors of datasets and the system.
    init(
        of dataset: LeRobotDataset,
        sizes: [(camera: String, height: Int, width: Int)],
        episodes: [Int],
        cache: ImageFeatureCache,
        progress: (Int, Int) -> Void
    ) throws {
        self.dataset = dataset
        let total = sizes.count * episodes.count
        progress(0, total)
        for (number, size) in sizes.enumerated() {
            var camera = Camera(shape: cache.encoder.shape(height: size.height, width: size.width))
            let images = try EpisodeImages(dataset, size.camera, size.height, size.width, cache)
            let reader = Prefetcher(0 ..< episodes.count, depth: 1, state: images) { images, position in
                Result { try images.read(episodes[position]) }
            }
            defer { reader.cancel() }
            for (position, episode) in episodes.enumerated() {
                let images = try reader.next().get()
                let shape = [dataset.episodes[episode].length] + camera.shape
                if cache.features(in: images.file, shape: shape) == nil {
                    let features = withoutGradients {
                        cache.features(of: images.pixels, height: size.height, width: size.width)
                    }
                    try cache.write(features, to: images.file)
                }
                guard let features = cache.features(in: images.file, shape: shape) else {
                    throw DemonstrationsError(
                        description: "\(images.file.path): cannot be read back; is the disk full?"
                    )
                }
                camera.episodes[episode] = features
                progress(number * episodes.count + position + 1, total)
            }
            cameras[size.camera] = camera
        }
    }

    /// Copies the features of a camera's image at a frame, `[rows, columns, channels]` in half precision, into `target`.
    func copy(camera name: String, frame: Int, into target: UnsafeMutableRawBufferPointer) throws {
        let episode = try dataset.episode(ofFrame: frame)
        guard let features = cameras[name]?.episodes[episode.index] else {
            preconditionFailure("features of \(name) in episode \(episode.index) were not asked for")
        }
        try features.copy(frame: frame - episode.rows.lowerBound, into: target)
    }
}

/// Reads all images of one camera's episodes.
private struct EpisodeImages: Sendable {
    private let frames: FrameStore
    private let camera: String
    private let height: Int
    private let width: Int
    private let cache: ImageFeatureCache

    init(_ dataset: LeRobotDataset, _ camera: String, _ height: Int, _ width: Int, _ cache: ImageFeatureCache)
        throws
    {
        (self.camera, self.height, self.width, self.cache) = (camera, height, width, cache)
        // Keeps none: every image is read once.
        frames = try FrameStore(
            dataset: dataset,
            cameras: [camera],
            scaledSizes: [camera: (height, width)],
            episodes: [],
            byteBudget: 0
        )
    }

    /// The images of an episode, `[frames, height, width, 3]`, and the file of their features.
    func read(_ episode: Int) throws -> (pixels: [UInt8], file: URL) {
        let rows = frames.dataset.episodes[episode].rows
        let size = height * width * 3
        let pixels = try [UInt8](unsafeUninitializedCapacity: rows.count * size) { buffer, count in
            for (index, frame) in rows.enumerated() {
                let room = UnsafeMutableBufferPointer(rebasing: buffer[index * size ..< (index + 1) * size])
                try frames.pixels(camera: camera, frame: frame, into: room)
                count += size
            }
        }
        return (pixels, cache.file(of: pixels, height: height, width: width))
    }
}

extension ImageEncoder {
    /// Shape of the features of an image: rows, columns, channels.
    func shape(height: Int, width: Int) -> [Int] {
        let pixels = configuration.pixelsPerCell
        return [(height + pixels - 1) / pixels, (width + pixels - 1) / pixels, Self.channels]
    }
}

extension ImageFeatureCache {
    /// Features of images, `[n, height, width, 3]`, some at a time: `[n, rows, columns, channels]`.
    fileprivate func features(of pixels: [UInt8], height: Int, width: Int) -> Tensor {
        let size = height * width * 3
        let count = pixels.count / size
        // Activations of more images do not fit into a CPU's cache.
        let batch = device == .cpu ? 4 : 64
        let parts = stride(from: 0, to: count, by: batch).map { start in
            let images = Array(pixels[start * size ..< min(count, start + batch) * size])
            let shape = [images.count / size, height, width, 3]
            return encoder(Tensor(images, shape: shape, device: device)).to(.cpu)
        }
        return .concatenated(parts, axis: 0)
    }
}
