internal import Foundation
internal import Torch

/// All that determines a run, as text that two runs can be compared by.
struct RunIdentity {
    let text: String

    init(_ recipe: some Encodable, seed: UInt64, data: [Float], start: String? = nil) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let fingerprint = data.reduce(UInt64(data.count)) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
        text =
            String(decoding: try encoder.encode(recipe), as: UTF8.self)
            + " seed \(seed), data \(String(fingerprint, radix: 16)), threads \(Torch.threadCount)"
            + (start.map { ", from \($0)" } ?? "")
    }
}
