/// Decoded episodes within a budget; the one not used for the longest time leaves first.
struct EpisodeCache {
    private struct Entry {
        let images: [[UInt8]]
        let byteCount: Int
        var lastUse: Int
    }

    private let byteBudget: Int
    private var entries: [Int: Entry] = [:]
    private var byteCount = 0
    private var clock = 0

    /// Creates an empty cache.
    init(byteBudget: Int) { self.byteBudget = byteBudget }

    /// The images of an episode, one array a camera; nil where it is not kept.
    subscript(episode: Int) -> [[UInt8]]? {
        mutating get {
            clock += 1
            entries[episode]?.lastUse = clock
            return entries[episode]?.images
        }
    }

    /// Keeps an episode and gives up others for it; an episode alone may exceed the budget.
    mutating func insert(_ images: [[UInt8]], for episode: Int) {
        guard entries[episode] == nil else { return }
        let size = images.reduce(0) { $0 + $1.count }
        while byteCount + size > byteBudget,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            byteCount -= oldest.value.byteCount
            entries[oldest.key] = nil
        }
        clock += 1
        entries[episode] = Entry(images: images, byteCount: size, lastUse: clock)
        byteCount += size
    }
}
