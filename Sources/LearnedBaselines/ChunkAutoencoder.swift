public import ActionTokenizers
public import NN
public import Support
public import Torch

// Axes in this folder
//   B  chunks in the batch      T  control steps      D  action columns
//   N  codes of a chunk         C  channels           K  codebook entries

/// An autoencoder that maps whole chunks of one robot to a few codes and back: the common interface of the learned baselines.
///
/// It treats all columns alike.
public protocol ChunkAutoencoder: Module {
    /// The architecture.
    associatedtype Configuration: Codable & Equatable & Sendable & Validatable

    /// Name of the tokenizer, for example `vq-bet`.
    static var tokenizerName: String { get }

    /// The architecture of this network.
    var configuration: Configuration { get }

    /// Arrangement of the codes of a chunk, a grid.
    var layout: TokenLayout { get }

    /// Numbers of codes that decode; fewer than all give a coarser chunk.
    var decodableCounts: ClosedRange<Int> { get }

    /// Creates a network, randomly initialised by libtorch's generator.
    ///
    /// - Parameters:
    ///   - configuration: A valid architecture.
    ///   - horizon: Number of control steps of a chunk.
    ///   - dimension: Number of action columns.
    ///   - device: Device of the weights.
    init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device)

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, N]`.
    func codes(for actions: Tensor) -> Tensor

    /// Normalised chunks of codes: int64 `[B, N]`, N in ``decodableCounts``, to `[B, T, D]`.
    func actions(for codes: Tensor) -> Tensor

    /// Forward pass in training.
    ///
    /// - Parameters:
    ///   - actions: Normalised chunks, `[B, T, D]`.
    ///   - quantizing: True to quantize latents; false before the codebooks are initialised.
    ///   - share: The chunks' rows among those of a batch that is computed in shares; nil for a whole one.
    /// - Returns: The reconstruction, `[B, T, D]`, and the commitment loss, a scalar: the mean squared distance of latents to their
    ///   codebook entries.
    func reconstruction(of actions: Tensor, quantizing: Bool, share: RowShare?) -> (
        actions: Tensor, commitment: Tensor
    )

    /// Elementwise reconstruction loss of `errors`, `[B, T, D]`.
    func penalty(_ errors: Tensor) -> Tensor

    /// Initialises the codebooks from normalised chunks, `[B, T, D]`.
    func initializeCodebooks(from actions: Tensor)
}

extension ChunkAutoencoder {
    /// All codes.
    public var decodableCounts: ClosedRange<Int> {
        let count = layout.tokenCount ?? 0
        return count ... count
    }

    /// Forward pass in training, of a whole batch.
    public func reconstruction(of actions: Tensor, quantizing: Bool) -> (actions: Tensor, commitment: Tensor)
    {
        reconstruction(of: actions, quantizing: quantizing, share: nil)
    }

    /// The absolute error.
    public func penalty(_ errors: Tensor) -> Tensor { errors.abs() }
}

/// The loss of one batch and its terms, scalars.
public struct ChunkAutoencoderLoss {
    /// Penalty plus weighted commitment loss.
    public let total: Tensor
    /// Mean absolute error, normalised units.
    public let l1: Tensor
    /// Mean squared distance of latents to their codebook entries.
    public let commitment: Tensor
}

extension ChunkAutoencoder {
    /// Training loss of normalised chunks.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - stepMask: 1 where a step lies inside its episode, else 0, `[B, T]`; of a share, those of the whole batch.
    ///   - quantizing: True to quantize latents.
    ///   - commitment: Weight of the commitment loss.
    ///   - share: The chunks' rows among those of a batch that is computed in shares; nil for a whole one.
    /// - Returns: Differentiable scalars, whose means over shares are those of the batch.
    public func loss(
        _ actions: Tensor,
        stepMask: Tensor,
        quantizing: Bool,
        commitment: Double,
        share: RowShare? = nil
    ) -> ChunkAutoencoderLoss {
        let (reconstruction, distance) = reconstruction(of: actions, quantizing: quantizing, share: share)
        let errors = (reconstruction - actions) * stepMask.rows(of: share).unsqueezed(2)
        let values = stepMask.sum() * (Double(actions.size(2)) / Double(share?.batch.count ?? 1))
        return ChunkAutoencoderLoss(
            total: penalty(errors).sum() / values + distance * commitment,
            l1: errors.abs().sum() / values,
            commitment: distance
        )
    }
}
