internal import NN
internal import Torch

// Axes in this file
//   B  chunks in the batch      T  control steps      D  action columns
//   R  registers                C  channels           F  channels of a register that are quantized

/// Reads a chunk into ordered registers: `[B, T, D]` to `[B, R, F]`.
///
/// Registers see all steps and the registers before them; steps see no register.
struct RegisterEncoder: Module {
    private let projection: Linear
    @Parameter private var places: Tensor
    @Parameter private var registers: Tensor
    private let blocks: [AttentionBlock]
    private let norm: LayerNorm
    private let output: Linear
    private let mask: Tensor

    init(_ configuration: OATNetwork.Configuration, horizon: Int, dimension: Int, device: Device) {
        let (width, count) = (configuration.width, configuration.registerCount)
        projection = Linear(dimension, width, device: device)
        _places = Parameter(wrappedValue: Tensor.randn([horizon, width]).to(device) * 0.3)
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
        let (horizon, count) = (places.size(0), registers.size(0))
        let steps = projection(actions) + places
        let registers = registers.unsqueezed(0).expanded([actions.size(0), count, -1])
        var x = Tensor.concatenated([steps, registers], axis: 1)  // [B, T + R, C]
        for block in blocks { x = block(x, mask: mask) }
        return output(norm(x.narrowed(1, from: horizon, count: count)))
    }
}

/// Writes a chunk from ordered registers: `[B, R, F]` to `[B, T, D]`.
///
/// A step sees all registers and the steps before it; a register sees those before it.
struct RegisterDecoder: Module {
    private let projection: Linear
    @Parameter private var absent: Tensor
    @Parameter private var registers: Tensor
    @Parameter private var places: Tensor
    private let blocks: [AttentionBlock]
    private let norm: LayerNorm
    private let output: Linear
    private let mask: Tensor
    private let order: Tensor

    init(_ configuration: OATNetwork.Configuration, horizon: Int, dimension: Int, device: Device) {
        let (width, count) = (configuration.width, configuration.registerCount)
        projection = Linear(configuration.levels.count, width, device: device)
        _absent = Parameter(wrappedValue: Tensor.randn([width]).to(device) * 0.3)
        _registers = Parameter(wrappedValue: Tensor.randn([count, width]).to(device) * 0.3)
        _places = Parameter(wrappedValue: Tensor.randn([horizon, width]).to(device) * 0.3)
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

    /// Registers from the `kept`th, `[B]`, are as good as absent.
    func callAsFunction(_ vectors: Tensor, kept: Tensor) -> Tensor {
        let (horizon, count, width) = (places.size(0), registers.size(0), places.size(1))
        let isKept = order.less(kept.unsqueezed(1)).unsqueezed(2)  // [B, R, 1]
        let present = projection(vectors).selected(where: isKept, otherwise: absent) + registers
        let steps = places.unsqueezed(0).expanded([vectors.size(0), horizon, width])
        var x = Tensor.concatenated([present, steps], axis: 1)  // [B, R + T, C]
        for block in blocks { x = block(x, mask: mask) }
        return output(norm(x.narrowed(1, from: count, count: horizon)))
    }
}
