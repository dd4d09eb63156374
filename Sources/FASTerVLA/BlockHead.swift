public import ActionTokenizers
public import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots of this forward      K  entries of a codebook

/// Head of discrete action tokens, a block of them per forward: token embeddings in, logits out.
///
/// With blocks of one token it is an ordinary autoregressive head.
public struct BlockHead: Module {
    /// The architecture, and defaults of decoding.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Layout of tokens in blocks.
        public var schedule: BlockSchedule

        /// Number of entries of a codebook.
        public var codebookSize: Int

        /// True for token sequences that `<EoBlk>` ends before the schedule does, as FAST's.
        public var isVariableLength = false

        /// Early end of grids; nil for heads that always decode whole ones.
        public var earlyEnd: EarlyEnd?

        /// True for a head that is trained to re-decode blocks with some of their tokens revealed (``MaskPredict``).
        public var supportsMaskPredict = false

        /// Number of coordinates of the tokenizer's codewords, for a head that knows them (``CodewordGeometry``); nil for others.
        public var codewordWidth: Int?

        /// Longest committed action prefix, in control steps (``CommittedPrefix``); 0 for none.
        public var committedSteps = 0

        /// Columns of an action.
        public var dimension: Int

        /// Gaps between the positions of action tokens.
        public var positionGaps = PositionGaps()

        /// Sampling of tokens.
        public var sampling = Sampling.greedy

        /// Describes a head for the tokens of `schedule`, of actions of `dimension` columns.
        public init(schedule: BlockSchedule, codebookSize: Int, dimension: Int) {
            self.schedule = schedule
            self.codebookSize = codebookSize
            self.dimension = dimension
        }
    }

    /// The architecture, and defaults of decoding.
    public let configuration: Configuration

    /// An embedding of every codebook entry, all codebooks in one table: `[codebookCount · K, width]`.
    let embedding: Embedding
    /// `<BoBlk>`, `[1, width]`.
    let beginOfBlock: Embedding
    let latentPositions: Embedding
    /// One row a codebook, and one for the closing slots.
    let codebooks: Embedding
    let codewords: CodewordGeometry?
    let maskPredict: MaskPredict?
    let committedPrefix: CommittedPrefix?
    /// Logits of each codebook, `[width]` to `[K + 1]`; the last class is `<EoBlk>`.
    let classifiers: [Linear]

    /// Creates a head with random weights for features of `width` channels.
    init(_ configuration: Configuration, width: Int, device: Device) {
        self.configuration = configuration
        let (schedule, size) = (configuration.schedule, configuration.codebookSize)
        func table(_ rows: Int) -> Embedding {
            Embedding(rows, width, standardDeviation: 0.5, device: device)
        }
        embedding = table(schedule.codebookCount * size)
        beginOfBlock = table(1)
        latentPositions = table(schedule.latentPositionCount)
        codebooks = table(schedule.codebookCount + 1)
        codewords = configuration.codewordWidth.map {
            CodewordGeometry(schedule, codebookSize: size, coordinates: $0, width: width, device: device)
        }
        maskPredict = configuration.supportsMaskPredict ? MaskPredict(width: width, device: device) : nil
        committedPrefix =
            configuration.committedSteps > 0
            ? CommittedPrefix(configuration, width: width, device: device) : nil
        classifiers = (0 ..< schedule.codebookCount).map { _ in
            Linear(width, size + 1, gain: 0.1, device: device)
        }
    }

    /// Inputs of the slots `range`.
    ///
    /// - Parameters:
    ///   - previous: The token `blockSize` slots before each slot, int64 `[B, L]`; values for block 1 do not matter.
    ///   - range: Slots of this forward.
    ///   - schedule: Layout of the slots.
    /// - Returns: `[B, L, width]`.
    func inputs(_ previous: Tensor, slots range: Range<Int>, schedule: BlockSchedule) -> Tensor {
        let device = previous.device
        let size = schedule.blockSize
        let isFirst = range.map { $0 < size }
        let position = Tensor(range.map { schedule.latentPosition(ofSlot: $0) }, device: device)
        let codebook = Tensor(
            range.map { $0 < schedule.tokenCount ? schedule.codebook(ofSlot: $0) : schedule.codebookCount },
            device: device
        )
        let slot = latentPositions(position) + codebooks(codebook)
        let begin = beginOfBlock.weight
        if isFirst.allSatisfy({ $0 }) {
            return (slot + begin).unsqueezed(0).expanded([previous.size(0), -1, -1])
        }
        let fed = embedded(previous, slots: range.lowerBound - size ..< range.upperBound - size, schedule)
        guard isFirst.contains(true) else { return fed + slot }
        let mask = Tensor(isFirst, shape: [1, isFirst.count, 1], device: device)
        return begin.selected(where: mask, otherwise: fed) + slot
    }

    /// Embeddings of `tokens`, int64 `[B, L]`, of the slots `range`: `[B, L, width]`.
    func embedded(_ tokens: Tensor, slots range: Range<Int>, _ schedule: BlockSchedule) -> Tensor {
        // Each codebook has rows of its own; slots before the first take those of codebook 0.
        let offsets = range.map { $0 < 0 ? 0 : schedule.codebook(ofSlot: $0) * configuration.codebookSize }
        let own = embedding(tokens + Tensor(offsets, device: tokens.device))
        guard let codewords else { return own }
        return own + codewords.embedded(tokens, slots: range, schedule)
    }

    /// Scores of all classes of a codebook.
    ///
    /// - Parameters:
    ///   - features: Features of slots of one codebook, `[B, L, width]`.
    ///   - codebook: The codebook.
    ///   - positions: Latent positions of the slots.
    /// - Returns: `[B, L, K + 1]`.
    func scores(of features: Tensor, codebook: Int, positions: Range<Int>) -> Tensor {
        let own = classifiers[codebook](features)
        guard let codewords else { return own }
        return own + codewords.logits(features, codebook: codebook, positions: positions)
    }

    /// Takes the codewords of the tokenizer whose codes a new head is to predict.
    public func set(_ codewords: Codewords) { self.codewords?.set(codewords) }
}

extension Tensor {
    /// Tokens with embeddings: ignored ones and ends of sequences become some entry of a codebook of `size`.
    func clampedToEntries(_ size: Int) -> Tensor {
        maximum(zerosLike()).minimum(Tensor.full([1], Double(size - 1), dtype: .int64, device: device))
    }
}
