/// Decoded episodes within a budget.
///
/// None is given up for another: where frames are asked for in random order, as in training, any choice is as good, and
/// decoding an episode for one of its frames costs more than it saves.
struct EpisodeCache {
    private let byteBudget: Int
    private var episodes: [Int: [[UInt8]]] = [:]
    private var byteCount = 0

    /// Creates an empty cache.
    init(byteBudget: Int) { self.byteBudget = byteBudget }

    /// The images of an episode, one array a camera; nil where it is not kept.
    subscript(episode: Int) -> [[UInt8]]? { episodes[episode] }

    /// Returns true if images of this size fit.
    func hasRoom(for size: Int) -> Bool { byteCount + size <= byteBudget }

    /// Keeps an episode if it fits.
    mutating func insert(_ images: [[UInt8]], for episode: Int) {
        let size = images.reduce(0) { $0 + $1.count }
        guard episodes[episode] == nil, hasRoom(for: size) else { return }
        episodes[episode] = images
        byteCount += size
    }
}
