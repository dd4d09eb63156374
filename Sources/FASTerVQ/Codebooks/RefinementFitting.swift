internal import Quantizers
internal import RobotTypes
public import Torch

/// Chunks of one robot that refinements are fitted to.
public struct RefinementExamples: Sendable {
    let embodiment: Embodiment
    let actions: Tensor
    let stepMask: Tensor

    /// Chooses examples.
    ///
    /// - Parameters:
    ///   - embodiment: The robot.
    ///   - actions: Normalised chunks, `[B, T, D]`.
    ///   - stepMask: 1 where a step counts, else 0, `[B, T]`.
    public init(embodiment: Embodiment, actions: Tensor, stepMask: Tensor) {
        self.embodiment = embodiment
        self.actions = actions
        self.stepMask = stepMask
    }
}

extension FASTerVQNetwork {
    /// Gives the refinement codebooks of every kind in `examples` their entries: k-means over what patches lack.
    ///
    /// Codebook after codebook, over the patches that still need one; the network's weights must not change
    /// afterwards. Random draws are libtorch's.
    ///
    /// - Parameters:
    ///   - configuration: What counts as in need.
    ///   - examples: Every robot's chunks.
    ///   - report: Called at the beginning and after every codebook, with how many are done and how many there are.
    public func fitRefinement(
        _ configuration: RefinementCodebooks.Configuration,
        to examples: [RefinementExamples],
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) {
        withoutGradients {
            var parts = examples.flatMap { PartExamples.all(in: $0, self) }
            let tables = refinement.tablesByKind
            let all = tables.reduce(0) { $0 + $1.table.entries.size(0) }
            var done = 0
            report(done, all)
            for (kind, table) in tables {
                let own = parts.indices.filter { parts[$0].cut.part.kind == kind }
                for codebook in 0 ..< table.entries.size(0) {
                    let entries = table.entries.select(0, codebook)
                    let lacking = own.map { parts[$0].lacking }
                    if !lacking.isEmpty {
                        entries.copyInPlace(
                            Self.entries(
                                entries,
                                of: .concatenated(lacking, axis: 0),
                                configuration
                            )
                        )
                    }
                    for index in own { parts[index].add(entries) }
                    done += 1
                    report(done, all)
                }
            }
        }
    }

    /// Entries of one codebook for `patches`, `[n, steps · columns]`; the first one is nothing.
    private static func entries(
        _ entries: Tensor,
        of patches: Tensor,
        _ configuration: RefinementCodebooks.Configuration
    ) -> Tensor {
        let needed = patches.abs().max(1).greater(configuration.tolerance).nonzero().squeezed(1)
        let (count, width) = (entries.size(0) - 1, entries.size(1))
        let nothing = Tensor.zeros([1, width], device: entries.device)
        guard needed.size(0) > 0 else {
            return .concatenated([nothing, .zeros([count, width], device: entries.device)], axis: 0)
        }
        let means = KMeans.means(
            of: patches.gathering(sample(needed, atMost: count * samplesPerEntry), axis: 0),
            count: count,
            rounds: configuration.kMeansRounds
        ).means
        return .concatenated([nothing, means], axis: 0)
    }

    /// As many patches as an entry's mean needs; more cost time and change nothing.
    private static let samplesPerEntry = 256

    /// At most `limit` of `indices`, `[n]`, drawn by libtorch's generator.
    private static func sample(_ indices: Tensor, atMost limit: Int) -> Tensor {
        guard indices.size(0) > limit else { return indices }
        let picks = Tensor.randperm(indices.size(0)).narrowed(0, from: 0, count: limit)
        return indices.gathering(picks.to(indices.device), axis: 0)
    }
}

/// One part of a robot in its examples: what it should be and what the codebooks so far make of it.
private struct PartExamples {
    let cut: PatchCut
    private let embodiment: Embodiment
    private let target: Tensor
    private let mask: Tensor
    private var value: Tensor

    /// Chunks that pass through the network at once.
    private static let batchSize = 1024

    /// All parts of a robot.
    static func all(in examples: RefinementExamples, _ network: FASTerVQNetwork) -> [PartExamples] {
        let (embodiment, count) = (examples.embodiment, examples.actions.size(0))
        let codec = ChunkCodec(network, embodiment)
        let batches = stride(from: 0, to: count, by: batchSize).map { first in
            codec.networkReconstruction(
                of: examples.actions.narrowed(0, from: first, count: min(batchSize, count - first))
            )
        }
        return embodiment.patchifier.parts.map { part in
            let target = Embodiment.Columns.range(part.columns).of(examples.actions)
            let decoded = batches.compactMap { $0[part.columns.lowerBound] }
            let width = network.refinement.table(for: part).entries.size(2)
            return PartExamples(
                cut: PatchCut(
                    part: part,
                    columns: width / part.steps,
                    horizon: embodiment.patchifier.horizon
                ),
                embodiment: embodiment,
                target: target,
                mask: examples.stepMask.unsqueezed(2),
                value: decoded.isEmpty ? target.zerosLike() : .concatenated(decoded, axis: 0)
            )
        }
    }

    /// What every patch lacks, `[n, steps · columns]`.
    var lacking: Tensor {
        let patches = cut.patches((target - value) * mask)
        return patches.reshaped(-1, patches.size(2))
    }

    /// Adds the nearest of `entries` to every patch.
    mutating func add(_ entries: Tensor) {
        let shape = [target.size(0), cut.part.places]
        let chosen = KMeans.nearest(to: lacking, among: entries).reshaped(shape)
        let found = cut.steps(chosen.embedded(in: entries))
        value = embodiment.clipped(value + found, .range(cut.part.columns))
    }
}
