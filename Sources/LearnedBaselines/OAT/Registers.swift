internal import NN
internal import Torch

// Axes in this file
//   B  chunks in the batch      T  control steps      D  action columns
//   R  registers                C  channels           F  channels of a register that are quantized

/// Encoder of a chunk into ordered registers: `[B, T, D]` to `[B, R, F]`.
///
/// Registers attend to all steps and the registers before them, steps to no register.
struct RegisterEncoder: Module {
    private let projection: Linear
    @Parameter private var stepEmbedding: Tensor
    @Parameter private var registers: Tensor
    private let blocks: [AttentionBlock]
    private let norm: LayerNorm
    private let output: Linear
    private let mask: Tensor

    init(_ configuration: OATNetwork.Configuration, horizon: Int, dimension: Int, device: Device) {
        let (width, count) = (configuration.width, configuration.registerCount)
        projection = Linear(dimension, width, device: device)
        _stepEmbedding = Parameter(wrappedValue: Tensor.randn([horizon, width]).to(device) * 0.3)
        _registers = Parameter(wrappedValue: Tensor.randn([count, width]).to(device) * 0.3)
        blocks = (0 ..< configuration.encoderLayers).map { _ in
            AttentionBlock(
                width,
                headCount: configuration.headCount,
                depth: configuration.encoderLayers,
                device: device
            )
        }
        norm = LayerNorm(width, device: device)
        output = Linear(width, configuration.levels.count, device: device)
        mask = .attentionMask(horizon + count, device: device) { row, column in
            column < horizon || (row >= horizon && column <= row)
        }
    }

    func callAsFunction(_ actions: Tensor) -> Tensor {
        let (horizon, count) = (stepEmbedding.size(0), registers.size(0))
        let steps = projection(actions) + stepEmbedding
        let registers = registers.unsqueezed(0).expanded([actions.size(0), count, -1])
        var x = Tensor.concatenated([steps, registers], axis: 1)  // [B, T + R, C]
        for block in blocks { x = block(x, mask: mask) }
        return output(norm(x.narrowed(1, from: horizon, count: count)))
    }
}

/// Decoder of a chunk from ordered registers: `[B, R, F]` to `[B, T, D]`.
///
/// A step attends to all registers and the steps before it, a register to those before it.
struct RegisterDecoder: Module {
    private let projection: Linear
    @Parameter private var maskToken: Tensor
    @Parameter private var registers: Tensor
    @Parameter private var stepEmbedding: Tensor
    private let blocks: [AttentionBlock]
    private let norm: LayerNorm
    private let output: Linear
    private let mask: Tensor
    private let order: Tensor

    init(_ configuration: OATNetwork.Configuration, horizon: Int, dimension: Int, device: Device) {
        let (width, count) = (configuration.width, configuration.registerCount)
        projection = Linear(configuration.levels.count, width, device: device)
        _maskToken = Parameter(wrappedValue: Tensor.randn([width]).to(device) * 0.3)
        _registers = Parameter(wrappedValue: Tensor.randn([count, width]).to(device) * 0.3)
        _stepEmbedding = Parameter(wrappedValue: Tensor.randn([horizon, width]).to(device) * 0.3)
        blocks = (0 ..< configuration.decoderLayers).map { _ in
            AttentionBlock(
                width,
                headCount: configuration.headCount,
                depth: configuration.decoderLayers,
                device: device
            )
        }
        norm = LayerNorm(width, device: device)
        output = Linear(width, dimension, gain: 0.3, device: device)
        mask = .attentionMask(count + horizon, device: device) { row, column in column <= row }
        order = .arange(0 ..< count, dtype: .float32, device: device).unsqueezed(0)
    }

    /// Decodes `vectors`, `[B, R, F]`, with all registers masked after the first `kept`, `[B]`.
    func callAsFunction(_ vectors: Tensor, kept: Tensor) -> Tensor {
        let (horizon, count, width) = (stepEmbedding.size(0), registers.size(0), stepEmbedding.size(1))
        let isKept = order.less(kept.unsqueezed(1)).unsqueezed(2)  // [B, R, 1]
        let present = projection(vectors).selected(where: isKept, otherwise: maskToken) + registers
        let steps = stepEmbedding.unsqueezed(0).expanded([vectors.size(0), horizon, width])
        var x = Tensor.concatenated([present, steps], axis: 1)  // [B, R + T, C]
        for block in blocks { x = block(x, mask: mask) }
        return output(norm(x.narrowed(1, from: count, count: horizon)))
    }
}
