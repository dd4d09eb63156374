public import Foundation
internal import Support
internal import Synchronization

/// The finished episodes of an evaluation that is at work or was interrupted: a file of JSON lines, its settings first.
///
/// A finished episode is on the disk before its simulator goes on. The folder is locked meanwhile (`FolderLock`).
public final class EpisodeJournal: Sendable {
    /// Episodes that an interrupted evaluation has done, as they ended.
    public let episodes: [EpisodeResult]

    private let url: URL
    private let films: URL
    private let lines: DurableLines
    private let lock: Mutex<FolderLock>
    private let appended = Atomic(0)

    /// Continues the evaluation whose journal is at `url`, or begins one.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - settings: Settings of the evaluation.
    ///   - films: Folder of the simulators' videos; a filmed episode whose video is missing there counts as not done.
    /// - Throws: ``EpisodeJournalError`` as ``check(_:against:)``, `DurableFileError` where the folder cannot be written, or
    ///   another program is writing into it.
    public init(_ url: URL, of settings: EvaluationSettings, films: URL) throws {
        let lock = FolderLock(url.deletingLastPathComponent())
        try lock.acquire()
        var content = try Content(url, settings)
        if content == nil {
            let line = try Self.encoder.encode(settings) + Data("\n".utf8)
            try DurableFile.write(line, to: url)
            content = Content(length: line.count)
        }
        let found = content?.episodes ?? []
        episodes = found.compactMap { episode in
            guard episode.video != nil else { return episode }
            // The folder may have been moved.
            let film = films.appending(path: "\(episode.name).npy")
            var episode = episode
            episode.video = film.path
            return film.exists ? episode : nil
        }
        lines = try DurableLines(url, keeping: content?.length ?? 0)
        (self.url, self.films) = (url, films)
        self.lock = Mutex(lock)
    }

    /// Number of finished episodes.
    public var count: Int { episodes.count + appended.load(ordering: .relaxed) }

    /// Appends a finished episode.
    ///
    /// - Throws: `DurableFileError`, with the path.
    public func append(_ episode: EpisodeResult) throws {
        // The video's name in its folder; the simulator has flushed its content.
        if episode.video != nil { try DurableFile.synchronize(films) }
        try lines.append(Self.encoder.encode(episode))
        appended.add(1, ordering: .relaxed)
    }

    /// Removes the file, once the results are written.
    ///
    /// - Throws: `DurableFileError`, with the path of the folder.
    public func remove() throws {
        try? FileManager.default.removeItem(at: url)
        try DurableFile.synchronize(url.deletingLastPathComponent())
    }

    /// Makes sure that an evaluation with `settings` may continue that at `url`, if there is one; changes nothing.
    ///
    /// - Throws: ``EpisodeJournalError`` that names the setting in which the interrupted evaluation differs, or the line that
    ///   cannot be understood.
    public static func check(_ url: URL, against settings: EvaluationSettings) throws(EpisodeJournalError) {
        _ = try Content(url, settings)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension EpisodeJournal {
    /// Content of a journal.
    private struct Content {
        var episodes: [EpisodeResult] = []

        /// Number of bytes up to the end of the last whole line.
        var length: Int

        init(length: Int) { self.length = length }

        /// Reads the journal at `url`, of an evaluation with `settings`; nil where there is none, or one without episodes.
        init?(_ url: URL, _ settings: EvaluationSettings) throws(EpisodeJournalError) {
            guard url.exists else { return nil }
            guard let data = try? Data(contentsOf: url) else {
                throw EpisodeJournalError(url, "cannot be read")
            }
            length = (data.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
            let lines = data.prefix(length).split(separator: UInt8(ascii: "\n"))
            guard lines.count > 1 else { return nil }
            try Self.check(lines[0], url, settings)
            var names: Set<String> = []
            for (index, line) in lines.enumerated().dropFirst() {
                guard let episode = try? JSONDecoder().decode(EpisodeResult.self, from: line) else {
                    throw EpisodeJournalError(url, "line \(index + 1): expected an episode")
                }
                // An episode whose video was missing has been run again.
                if names.insert(episode.name).inserted { episodes.append(episode) }
            }
        }

        /// Makes sure that the first line of the journal at `url` has `settings`.
        private static func check(
            _ line: Data,
            _ url: URL,
            _ settings: EvaluationSettings
        ) throws(EpisodeJournalError) {
            guard let former = try? JSONDecoder().decode(EvaluationSettings.self, from: line) else {
                throw EpisodeJournalError(url, "line 1: expected the settings of an evaluation")
            }
            guard let (name, own, expected) = settings.difference(to: former) else { return }
            let option = name == "version" ? "the program's version" : "--\(name)"
            throw EpisodeJournalError(
                description:
                    "\(option): expected \(expected), as in the interrupted evaluation of \(url.path), found \(own); "
                    + "choose another --out, or remove that file to start anew"
            )
        }
    }
}

/// An interrupted evaluation that cannot be continued.
public struct EpisodeJournalError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    fileprivate init(description: String) { self.description = description }

    /// A journal that cannot be understood.
    fileprivate init(_ url: URL, _ reason: String) {
        description = "\(url.path): \(reason); remove the file to start anew"
    }
}
