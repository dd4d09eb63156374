/// Position of a file in the chunked layout; of an episode, where every episode has a file.
public struct FileLocation: Hashable, Sendable, Comparable {
    /// Number of the folder.
    public let chunk: Int

    /// Number of the file in the folder.
    public let file: Int

    /// Names a file.
    public init(chunk: Int, file: Int) {
        self.chunk = chunk
        self.file = file
    }

    /// The order in which files are written.
    public static func < (left: Self, right: Self) -> Bool {
        (left.chunk, left.file) < (right.chunk, right.file)
    }

    /// The location after this one, with at most `chunksSize` files a folder.
    func next(chunksSize: Int) -> FileLocation {
        file + 1 < chunksSize
            ? FileLocation(chunk: chunk, file: file + 1) : FileLocation(chunk: chunk + 1, file: 0)
    }
}
