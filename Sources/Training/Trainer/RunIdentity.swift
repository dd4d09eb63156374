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
    ///   - inputs: What the examples are made of beside numbers, in words, such as the features of images.
    /// - Throws: The encoder's error.
    init(
        _ recipe: some Encodable,
        seed: UInt64,
        data: [Float],
        weights: [Double] = [],
        start: String? = nil,
        heldOut: [Int] = [],
        inputs: String = ""
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = String(decoding: try encoder.encode(recipe), as: UTF8.self)
        let examples = Self.fingerprint(data.lazy.map { UInt64($0.bitPattern) })
        text += " seed \(seed), data \(examples), threads \(Torch.threadCount)"
        if weights.contains(where: { $0 != 1 }) { text += ", weights \(weights)" }
        if !inputs.isEmpty { text += ", inputs \(inputs)" }
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
