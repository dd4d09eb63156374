internal import Foundation
internal import Torch

/// Everything that determines the result of a training, as text, so that two trainings can be compared.
struct RunIdentity {
    let text: String

    /// Describes a training; absent settings are left out.
    ///
    /// - Parameters:
    ///   - recipe: Recipe of the training.
    ///   - seed: Seed of initialisation and sampling.
    ///   - data: Numbers that differ where the examples do.
    ///   - weights: Sampling weights of the datasets.
    ///   - start: Model that the training starts from, in words; nil for random initialisation.
    ///   - heldOut: Episodes of the validation.
    ///   - processes: Number of processes; of several, neither this nor their threads are part of the identity, so that a
    ///     training may go on with others.
    ///   - inputs: What the examples are made of beside numbers, in words, such as the features of images.
    /// - Throws: The encoder's error.
    init(
        _ recipe: some Encodable,
        seed: UInt64,
        data: [Float],
        weights: [Double] = [],
        start: String? = nil,
        heldOut: [Int] = [],
        processes: Int = 1,
        inputs: String = ""
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = String(decoding: try encoder.encode(recipe), as: UTF8.self)
        let examples = Self.fingerprint(data.lazy.map { UInt64($0.bitPattern) })
        text += " seed \(seed), data \(examples), threads "
        text += processes > 1 ? Self.severalProcesses : "\(Torch.threadCount)"
        if weights.contains(where: { $0 != 1 }) { text += ", weights \(weights)" }
        if !inputs.isEmpty { text += ", inputs \(inputs)" }
        if let start { text += ", from \(start)" }
        if !heldOut.isEmpty {
            let episodes = Self.fingerprint(heldOut.map { UInt64($0) })
            text += ", held-out episodes: \(heldOut.count) (\(episodes))"
        }
        self.text = text
    }

    private static let severalProcesses = "of several processes"

    /// Returns true if a training that `one` describes may go on as `other`.
    static func agree(_ one: String, _ other: String) -> Bool {
        guard [one, other].contains(where: { $0.contains(severalProcesses) }) else { return one == other }
        func withoutThreads(_ text: String) -> String {
            text.replacing(/, threads [^,]*/, with: "", maxReplacements: 1)
        }
        return withoutThreads(one) == withoutThreads(other)
    }

    private static func fingerprint(_ words: some Collection<UInt64>) -> String {
        String(words.reduce(UInt64(words.count)) { ($0 ^ $1) &* 0x100_0000_01B3 }, radix: 16)
    }
}
