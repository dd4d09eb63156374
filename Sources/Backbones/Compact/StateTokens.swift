internal import NN
internal import Torch

/// A robot's state as tokens: one a dimension, from a table of its own.
struct StateTokens: Module {
    /// Waves by which a first vector tells its bin.
    private static let waveCount = 6

    private let table: Embedding
    private let binCount: Int

    /// Prepares tables whose first vectors of neighbouring bins are alike.
    ///
    /// With vectors drawn apart, what was learned for one bin would say nothing about the next, and 256 bins a dimension
    /// would have to be learned one by one.
    init(_ configuration: CompactBackbone.Configuration, device: Device) {
        binCount = configuration.stateBins
        let (bins, width) = (configuration.stateBins, configuration.width)
        let dimensions = max(1, configuration.stateDimension)
        table = Embedding(dimensions * bins, width, device: device)
        let places = Octaves.centres(of: bins, device: .cpu)
        let waves = Octaves.waves(at: places, count: Self.waveCount).enumerated().flatMap { octave, wave in
            let height = 0.35 / Double(1 << octave).squareRoot()
            return [wave.sine * height, wave.cosine * height]
        }
        withoutGradients {
            let told = Tensor.stacked(waves, axis: 1)
            let first = (0 ..< dimensions).map { _ in told.matmul(.randn([waves.count, width])) }
            table.weight.copyInPlace(.concatenated(first, axis: 0))
        }
    }

    /// Bins `[B, stateDimension]` as tokens `[B, stateDimension, width]`.
    func callAsFunction(_ bins: Tensor) -> Tensor {
        let offsets = (0 ..< bins.size(1)).map { $0 * binCount }
        return table(bins + Tensor(offsets, device: bins.device))
    }
}
