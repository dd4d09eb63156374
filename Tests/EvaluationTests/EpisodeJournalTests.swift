import Foundation
import Support
import TemporaryFolder
import Testing

@testable import Evaluation

@Suite("The journal of an evaluation")
struct EpisodeJournalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var file: URL { folder.appending(path: "episodes.jsonl") }

    private var films: URL { folder.appending(path: "films") }

    /// Settings of three episodes of two tasks, after `change`.
    private func settings(
        policy: String = "a",
        digest: String? = "sha256:1",
        decoding: [String: String] = [:],
        version: String = "1",
        assets: String? = nil,
        _ change: (inout EvaluationPlan) -> Void = { _ in }
    ) -> EvaluationSettings {
        var plan = EvaluationPlan(controller: .expert, tasks: ["push", "reach"], episodes: 3)
        change(&plan)
        let simulator = Simulator(name: "toy", root: folder.url, python: folder.url)
        let prediction = digest.map {
            EvaluationSettings.Prediction(digest: $0, embodiment: nil, decoding: decoding, device: "cpu")
        }
        return EvaluationSettings(
            plan,
            policy: policy,
            simulator: SimulatorRunner(simulator: simulator, assets: assets),
            prediction: prediction,
            version: version
        )
    }

    private func episode(_ seed: Int, video: String? = nil) -> EpisodeResult {
        EpisodeResult(
            task: "push",
            seed: seed,
            success: seed % 2 == 0,
            steps: 7 + seed,
            latencies: [0.1 + Double(seed) / 3],
            video: video
        )
    }

    private func open(_ settings: EvaluationSettings? = nil) throws -> EpisodeJournal {
        try EpisodeJournal(file, of: settings ?? self.settings(), films: films)
    }

    /// Leaves the journal of two episodes behind.
    private func interrupt() throws {
        let journal = try open()
        for seed in 0 ..< 2 { try journal.append(episode(seed)) }
        #expect(journal.count == 2 && journal.episodes.isEmpty)
    }

    @Test("has every episode to the last digit, and goes on behind a line that is half-written")
    func interruption() throws {
        try interrupt()
        let whole = try folder["episodes.jsonl"]
        for cut in [whole.count, whole.count - 1, whole.count - 9] {
            try Data(whole.prefix(cut)).write(to: file)
            let journal = try open()
            let kept = cut == whole.count ? 2 : 1
            #expect(journal.episodes == (0 ..< kept).map { episode($0) })
            for seed in kept ..< 3 { try journal.append(episode(seed)) }
            #expect(journal.count == 3)
            #expect(try folder["episodes.jsonl"].starts(with: whole))
        }
        let journal = try open()
        #expect(journal.episodes == (0 ..< 3).map { episode($0) })
        try journal.remove()
        #expect(folder.paths.isEmpty)
    }

    @Test("is of the same policy wherever that lies, and of no other")
    func policy() throws {
        try interrupt()
        #expect(try open(settings(policy: "elsewhere/a")).episodes.count == 2)
        for (name, digest) in [("a", "sha256:2"), ("expert", nil)] {
            #expect(throws: EpisodeJournalError.self) { try open(settings(policy: name, digest: digest)) }
        }
    }

    @Test("names the setting that differs, what it was and what it is, and changes nothing")
    func otherSettings() throws {
        try interrupt()
        let before = try folder["episodes.jsonl"]
        let others: [(EvaluationSettings, String)] = [
            (settings(digest: "sha256:2"), "--policy: expected a (sha256:1), as in "),
            (settings { $0.tasks = ["reach", "push"] }, "--tasks: expected push,reach, as in "),
            (settings { $0.episodes = 4 }, "--episodes: expected 3, as in "),
            (settings { $0.seed = 1 }, "--seed: expected 0, as in "),
            (settings { $0.execute = 4 }, "--execute: expected 8, as in "),
            (settings { $0.delay = 2 }, "--delay: expected 0, as in "),
            (settings { $0.maxSteps = 9 }, "--max-steps: expected none, as in "),
            (settings { $0.sendsCommittedPrefix = true }, "--committed-prefix: expected none, as in "),
            (settings { $0.perturbations = ["light"] }, "--perturbations: expected none, as in "),
            (settings { $0.videos = .init(folder: "films") }, "--videos: expected none, as in "),
            (settings(decoding: ["samples": "8"]), "--samples: expected none, as in "),
            (settings(assets: "slim"), "--assets: expected none, as in "),
            (settings(version: "2"), "the program's version: expected 1, as in "),
        ]
        for (other, message) in others {
            let error = #expect(throws: EpisodeJournalError.self) {
                try EpisodeJournal.check(file, against: other)
            }
            #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
            #expect(error?.description.hasSuffix("or remove that file to start anew") == true)
            #expect(throws: EpisodeJournalError.self) { try open(other) }
        }
        #expect(try folder["episodes.jsonl"] == before)
    }

    @Test("without an episode holds nobody to its settings")
    func empty() throws {
        _ = try open()
        let journal = try open(settings { $0.execute = 4 })
        try journal.append(episode(0))
        #expect(throws: EpisodeJournalError.self) { try EpisodeJournal.check(file, against: settings()) }
    }

    @Test("that is damaged is named with the line")
    func damage() throws {
        try interrupt()
        try folder.change("episodes.jsonl") {
            Data($0.split(separator: 10).joined(separator: Data("\n{}\n".utf8)))
        }
        let error = #expect(throws: EpisodeJournalError.self) { try open() }
        #expect(
            error?.description == "\(file.path): line 2: expected an episode; remove the file to start anew"
        )
        try folder.write("{}\n{}\n", to: "episodes.jsonl")
        let settings = #expect(throws: EpisodeJournalError.self) { try open() }
        #expect(settings?.description.contains("line 1: expected the settings of an evaluation") == true)
    }

    @Test("takes a filmed episode for done where its video lies, also after the folder was moved")
    func filmed() throws {
        for seed in 0 ..< 2 { try folder.write("a film", to: "films/push-\(seed).npy") }
        for seed in 0 ..< 2 { try open().append(episode(seed, video: "/elsewhere/push-\(seed).npy")) }
        #expect(try open().episodes.map(\.video) == (0 ..< 2).map { films.path + "/push-\($0).npy" })
        try FileManager.default.removeItem(at: folder.appending(path: "films/push-0.npy"))
        #expect(try open().episodes.map(\.seed) == [1])
        // The episode is run again.
        try folder.write("a film", to: "films/push-0.npy")
        try open().append(episode(0, video: "/elsewhere/push-0.npy"))
        #expect(try open().episodes.map(\.seed) == [0, 1])
    }

    @Test("belongs to one program at a time")
    func lock() throws {
        let journal = try open()
        let error = #expect(throws: DurableFileError.self) { try open() }
        #expect(error?.description.contains("another program is writing into it") == true)
        try journal.remove()
    }
}
