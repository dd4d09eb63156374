internal import Backbones
internal import Torch

/// The loop over the blocks of a chunk as CUDA graphs, one for every shape of the prefix.
///
/// Forwards of a few tokens keep a GPU busy for less time than the host takes to start their operators. Recorded, the blocks
/// start at one go.
final class RecordedBlocks: @unchecked Sendable {
    private struct Shape: Hashable {
        let keys: [[Int]]
        let mask: [Int]?
        let nextPosition: [Int]
    }

    private struct Recording {
        /// Memory that the graph reads.
        let prefix: Prefix
        let graph: DeviceGraph
        /// Memory that it writes.
        let codes: Tensor
    }

    /// Prefixes that recordings are kept of, as prompts of new lengths come.
    private static let limit = 16

    private let constants = ConstantCache()
    private var recordings: [Shape: Recording] = [:]

    /// The codes of `decode` after `prefix`, and the time they took; calls come one after the other.
    func codes(after prefix: Prefix, decode: (Prefix) -> Tensor) -> (codes: Tensor, time: Duration) {
        let shape = Shape(
            keys: prefix.keys.map(\.shape),
            mask: prefix.mask?.shape,
            nextPosition: prefix.nextPosition.shape
        )
        if recordings.count >= Self.limit, recordings[shape] == nil { recordings = [:] }
        let recording = recordings[shape] ?? record(prefix, decode)
        recordings[shape] = recording
        var times = ForwardTimes(prefix.device, waits: false)
        recording.prefix.copy(from: prefix)
        recording.graph.replay()
        let codes = recording.codes.clone()
        _ = times.lap()
        return (codes, times.all.reduce(.zero, +))
    }

    private func record(_ prefix: Prefix, _ decode: (Prefix) -> Tensor) -> Recording {
        guard let stream = SideStream(on: prefix.device) else {
            preconditionFailure("\(prefix.device) records no graphs")
        }
        let fixed = prefix.copied()
        let start = StreamEvent(on: prefix.device)
        stream.run {
            start?.wait()
            // Libraries set themselves up, and constants are copied, before anything is recorded.
            for _ in 0 ..< 2 { _ = withCachedConstants(constants) { decode(fixed) } }
        }
        prefix.device.synchronize()
        var codes = Tensor.zeros([], device: prefix.device)
        let graph = DeviceGraph(on: stream) { codes = withCachedConstants(constants) { decode(fixed) } }
        return Recording(prefix: fixed, graph: graph, codes: codes)
    }
}

extension Prefix {
    /// The same prefix in memory of its own.
    fileprivate func copied() -> Prefix {
        Prefix(
            keys: keys.map { $0.clone() },
            values: values.map { $0.clone() },
            mask: mask?.clone(),
            nextPosition: nextPosition.clone()
        )
    }

    /// Overwrites this prefix with one of the same shape.
    fileprivate func copy(from other: Prefix) {
        for (own, new) in zip(keys + values, other.keys + other.values) { own.copyInPlace(new) }
        if let mask, let new = other.mask { mask.copyInPlace(new) }
        nextPosition.copyInPlace(other.nextPosition)
    }
}
