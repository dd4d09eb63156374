internal import Foundation
internal import Torch

/// All that determines a run, as text that two runs can be compared by.
struct RunIdentity {
    let text: String

    /// Puts the text together; what does not hold for a run is not named, so that older checkpoints stay of use.
    ///
    /// - Parameters:
    ///   - recipe: How to train.
    ///   - seed: Determines first weights and draws.
    ///   - data: What tells the examples from others.
    ///   - weights: How often datasets are drawn from.
    ///   - start: What the training begins with, in words; nil for first weights.
    ///   - heldOut: Episodes that are measured on while training.
    /// - Throws: The encoder's error.
    init(
        _ recipe: some Encodable,
        seed: UInt64,
        data: [Float],
        weights: [Double] = [],
        start: String? = nil,
        heldOut: [Int] = []
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = String(decoding: try encoder.encode(recipe), as: UTF8.self)
        let examples = Self.fingerprint(data.lazy.map { UInt64($0.bitPattern) })
        text += " seed \(seed), data \(examples), threads \(Torch.threadCount)"
        if weights.contains(where: { $0 != 1 }) { text += ", weights \(weights)" }
        if let start { text += ", from \(start)" }
        if !heldOut.isEmpty {
            let episodes = Self.fingerprint(heldOut.map { UInt64($0) })
            text += ", held-out episodes: \(heldOut.count) (\(episodes))"
        }
        self.text = text
    }

    private static func fingerprint(_ words: some Collection<UInt64>) -> String {
        String(words.reduce(UInt64(words.count)) { ($0 ^ $1) &* 0x100_0000_01B3 }, radix: 16)
    }
}
