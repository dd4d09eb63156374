public import NN
internal import RobotTypes
internal import Torch

/// Codebooks for what is still missing from a chunk once the network has decoded it.
///
/// The network's codes are found among latents, so their error in the actions has no bound, and more codebooks of latents
/// lower it ever more slowly. A refinement looks at the actions themselves: it stores the entry nearest to
/// what a patch still lacks, and the next codebook what is lacking then. Motion that is nearly binary is coded
/// so from the start, past the network, and comes back exactly where its patterns are common.
///
/// Entry 0 is nothing: a place that has it needs no more.
public struct RefinementCodebooks: Module {
    /// How many there are, and what they learn from.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Codebooks after those of the network.
        public var codebookCount = 1

        /// Patches with no error beyond this, in normalised units, are not what entries are made for.
        public var tolerance = 0.02

        /// Chunks that entries are made from.
        public var chunks = 50_000

        /// Rounds of k-means for a codebook.
        public var kMeansRounds = 10

        /// The defaults.
        public init() {}
    }

    /// Entries of one kind's patches.
    struct Table: Module {
        /// `[codebooks, K, steps · columns]`.
        @Buffer var entries: Tensor

        /// How patches of the kind are cut.
        let shape: PatchShape

        init(_ entries: Tensor, shape: PatchShape) {
            _entries = Buffer(wrappedValue: entries)
            self.shape = shape
        }
    }

    /// The codebooks of every kind, in the order of ``MotionKinds/all``.
    let tables: [Table]

    private let kinds: MotionKinds

    /// Codebooks without entries yet, `learned` of which replace the network's where a kind goes past it.
    init(
        _ configuration: Configuration,
        shapes: [String: PatchShape],
        replacing learned: Int,
        size: Int,
        device: Device
    ) {
        let kinds = MotionKinds(shapes)
        self.kinds = kinds
        tables = kinds.all.compactMap { kind in
            shapes[kind.rawValue].map { shape in
                let count = configuration.codebookCount + (shape.isDirect ? learned : 0)
                let entries = Tensor.zeros([count, size, shape.steps * shape.columns], device: device)
                return Table(entries, shape: shape)
            }
        }
    }

    /// The codebooks for a part's patches.
    func table(for part: ActionPatchifier.Part) -> Table { tables[kinds.index(of: part)] }

    /// The codebooks of every kind in turn.
    var tablesByKind: [(kind: ActionSpace.Kind, table: Table)] { Array(zip(kinds.all, tables)) }
}

/// A part's steps as the patches that entries are made of, and back.
struct PatchCut: Sendable {
    /// The part.
    let part: ActionPatchifier.Part
    /// Columns of an entry; a narrower part leaves the last ones zero.
    let columns: Int
    /// Control steps of a chunk.
    let horizon: Int

    /// `[B, T, columns of the part]` as `[B, places, steps · columns]`, zero where the part ends before.
    func patches(_ x: Tensor) -> Tensor {
        let (count, rest) = (part.places * part.steps, columns - part.columns.count)
        let whole = count > horizon || rest > 0 ? x.padded([0, rest, 0, count - horizon]) : x
        return whole.reshaped(x.size(0), part.places, -1)
    }

    /// `[B, places, steps · columns]` as `[B, T, columns of the part]`.
    func steps(_ patches: Tensor) -> Tensor {
        patches.reshaped(patches.size(0), part.places * part.steps, columns)
            .narrowed(1, from: 0, count: horizon).narrowed(2, from: 0, count: part.columns.count)
    }
}
