internal import CPUInference
public import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots of this forward      N  codes      K  entries of a codebook      P  pending steps

/// Codes in, scores of codes out.
public struct CodeHead: Module {
    /// The architecture, and how codes are laid out and chosen.
    public struct Configuration: Codable, Equatable, Sendable {
        /// How codes form blocks.
        public var schedule: BlockSchedule

        /// Entries of a codebook.
        public var codebookSize: Int

        /// Whether a list may be shorter than the schedule, as FAST's are; `<EoBlk>` ends it then.
        public var listsEnd = false

        /// Whether a block can be looked at again, with some of its own codes given (``BlockDecoder``).
        public var looksAgain = false

        /// Most steps of the chunk that can be given because the robot is committed to them; 0 for none.
        public var pendingSteps = 0

        /// Columns of an action.
        public var dimension: Int

        /// Distances between action tokens.
        public var spacing = Spacing()

        /// How codes are chosen.
        public var sampling = Sampling.greedy

        /// Describes a head for the codes of `schedule`, of actions of `dimension` columns.
        public init(schedule: BlockSchedule, codebookSize: Int, dimension: Int) {
            self.schedule = schedule
            self.codebookSize = codebookSize
            self.dimension = dimension
        }
    }

    /// The architecture, and how codes are laid out and chosen.
    public let configuration: Configuration

    /// One vector a codebook entry, all codebooks in one table: `[codebookCount · K, width]`.
    private let codes: Embedding
    /// `<BoBlk>`, `[1, width]`.
    private let beginOfBlock: Embedding
    private let places: Embedding
    private let codebooks: Embedding
    /// Added to a code that is given to its own slot, `[1, width]`.
    private let given: Embedding?
    private let pending: PendingSteps?
    /// Answers of each codebook: `[width]` to `[K + 1]`; the last answer is `<EoBlk>`.
    private let heads: [Linear]

    /// Creates a head with first weights that reads and gives features of `width` channels.
    init(_ configuration: Configuration, width: Int, device: Device) {
        self.configuration = configuration
        let (schedule, size) = (configuration.schedule, configuration.codebookSize)
        codes = Embedding(schedule.codebookCount * size, width, standardDeviation: 0.5, device: device)
        beginOfBlock = Embedding(1, width, standardDeviation: 0.5, device: device)
        places = Embedding(schedule.placeCount, width, standardDeviation: 0.5, device: device)
        codebooks = Embedding(schedule.codebookCount + 1, width, standardDeviation: 0.5, device: device)
        given = configuration.looksAgain ? Embedding(1, width, standardDeviation: 0.5, device: device) : nil
        pending =
            configuration.pendingSteps > 0 ? PendingSteps(configuration, width: width, device: device) : nil
        heads = (0 ..< schedule.codebookCount).map { _ in Linear(width, size + 1, gain: 0.1, device: device) }
    }

    /// What the slots `range` are fed.
    ///
    /// - Parameters:
    ///   - previous: The codes fed to those slots, int64 `[B, L]`, each of the slot `blockSize` before; the
    ///     values for slots of block 1 do not matter.
    ///   - own: The codes of those slots themselves, int64 `[B, L]`, and which of them are given, bool `[B, L]`.
    ///   - range: Slots of this forward.
    ///   - schedule: How slots form blocks.
    /// - Returns: `[B, L, width]`.
    func inputs(
        _ previous: Tensor,
        own: (codes: Tensor, areGiven: Tensor)? = nil,
        slots range: Range<Int>,
        schedule: BlockSchedule
    ) -> Tensor {
        let inputs = inputs(previous, slots: range, schedule: schedule)
        guard let own, let given else { return inputs }
        let known = codes(own.codes + offsets(of: range, schedule, own.codes.device)) + given.weight
        return inputs + known * own.areGiven.to(known.dtype).unsqueezed(2)
    }

    private func inputs(_ previous: Tensor, slots range: Range<Int>, schedule: BlockSchedule) -> Tensor {
        let device = previous.device
        let size = schedule.blockSize
        let isFirst = range.map { $0 < size }
        let slotPlaces = Tensor(range.map { schedule.place(ofSlot: $0) }, device: device)
        let slotCodebooks = Tensor(
            range.map { $0 < schedule.tokenCount ? schedule.codebook(ofSlot: $0) : schedule.codebookCount },
            device: device
        )
        let about = places(slotPlaces) + codebooks(slotCodebooks)
        let begin = beginOfBlock.weight
        if isFirst.allSatisfy({ $0 }) {
            return (about + begin).unsqueezed(0).expanded([previous.size(0), -1, -1])
        }
        let fed = codes(
            previous + offsets(of: range.lowerBound - size ..< range.upperBound - size, schedule, device)
        )
        guard isFirst.contains(true) else { return fed + about }
        let mask = Tensor(isFirst, shape: [1, isFirst.count, 1], device: device)
        return begin.selected(where: mask, otherwise: fed) + about
    }

    /// Where the entries of each slot's codebook begin in the table of all; of slots before the first, at 0.
    private func offsets(of range: Range<Int>, _ schedule: BlockSchedule, _ device: Device) -> Tensor {
        Tensor(
            range.map { $0 < 0 ? 0 : schedule.codebook(ofSlot: $0) * configuration.codebookSize },
            device: device
        )
    }

    /// What stands for pending actions, normalised `[B, P, dimension]`: `[B, P, width]`; nil for a head that knows none.
    func inputs(pending actions: Tensor) -> Tensor? { pending.map { $0(actions) } }

    /// The answers of every codebook as their weights are now, for the few slots of one robot on a CPU; none where weights
    /// lie elsewhere.
    func packedAnswers() -> [PackedLinear] {
        heads.allSatisfy { $0.weight.device == .cpu && $0.weight.dtype == .float32 }
            ? heads.map { PackedLinear($0) } : []
    }

    /// Scores of the answers of `codebook`: `[..., width]` to `[..., K + 1]`.
    func logits(_ features: Tensor, codebook: Int) -> Tensor { heads[codebook](features) }
}

/// Actions that the robot is going to execute whatever the policy answers, since the answer takes its time.
///
/// A policy that knows them continues the motion instead of jumping to another one ("Training-time action
/// conditioning for efficient real-time chunking", arXiv 2512.05964, there for flow matching).
struct PendingSteps: Module {
    private let projection: Linear
    private let steps: Embedding

    init(_ configuration: CodeHead.Configuration, width: Int, device: Device) {
        projection = Linear(configuration.dimension, width, device: device)
        steps = Embedding(configuration.pendingSteps, width, standardDeviation: 0.5, device: device)
    }

    /// `[B, P, dimension]` to `[B, P, width]`.
    func callAsFunction(_ actions: Tensor) -> Tensor {
        projection(actions) + steps.weight.narrowed(0, from: 0, count: actions.size(1))
    }
}

extension Tensor {
    /// Codes that can be looked up: what does not count, and an end, become some entry.
    func clampedToEntries(_ size: Int) -> Tensor {
        maximum(zerosLike()).minimum(Tensor.full([1], Double(size - 1), dtype: .int64, device: device))
    }
}
