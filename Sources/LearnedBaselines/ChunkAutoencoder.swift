public import NN
public import Torch

// Axes in this folder
//   B  chunks in the batch      T  control steps      D  action columns
//   N  codes of a chunk         C  channels           K  codebook entries

/// Settings of a network, checked before anything is made of them.
public protocol ChunkAutoencoderConfiguration: Codable, Equatable, Sendable {
    /// Why there can be no such network, naming the setting; nil where there can.
    var problem: String? { get }
}

/// A network that turns whole chunks of one robot into a few codes and back: what the learned baselines have in common.
///
/// It knows nothing of groups of columns; a chunk is a table of numbers.
public protocol ChunkAutoencoder: Module {
    /// The architecture.
    associatedtype Configuration: ChunkAutoencoderConfiguration

    /// Name of the tokenizer, for example `vq-bet`.
    static var tokenizerName: String { get }

    /// What the network was made from.
    var configuration: Configuration { get }

    /// How many codes a chunk may have; fewer than all of them give a coarser chunk.
    var tokenCounts: ClosedRange<Int> { get }

    /// Sizes of the alphabets that codes come from.
    var codebookSizes: [Int] { get }

    /// Creates a network with first weights from libtorch's generator.
    ///
    /// - Parameters:
    ///   - configuration: The architecture, which has no ``ChunkAutoencoderConfiguration/problem``.
    ///   - horizon: Control steps of a chunk.
    ///   - dimension: Columns of an action.
    ///   - device: Where the network computes.
    init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device)

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, N]`.
    func codes(for actions: Tensor) -> Tensor

    /// Normalised chunks of codes: int64 `[B, N]`, with as many codes as ``tokenCounts`` allows, to `[B, T, D]`.
    func actions(for codes: Tensor) -> Tensor

    /// Normalised chunks as training sees them come back.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - quantizing: Whether latents are quantized; before codebooks exist they pass as they are.
    /// - Returns: `[B, T, D]`, and the distance of latents to their entries, a scalar.
    func reconstruction(of actions: Tensor, quantizing: Bool) -> (actions: Tensor, commitment: Tensor)

    /// What is minimised of `errors`, `[B, T, D]`: element by element, at least zero.
    func penalty(_ errors: Tensor) -> Tensor

    /// Gives the codebooks their first entries from normalised chunks, `[B, T, D]`.
    func initializeCodebooks(from actions: Tensor)
}

extension ChunkAutoencoder {
    /// Which of ``codebookSizes`` the code at `position` belongs to.
    public func codebook(ofToken position: Int) -> Int { min(position, codebookSizes.count - 1) }

    /// The absolute error.
    public func penalty(_ errors: Tensor) -> Tensor { errors.abs() }
}

/// The loss of one batch and its parts, scalars.
public struct ReconstructionLoss {
    /// What is minimised.
    public let total: Tensor
    /// Mean absolute error, normalised units.
    public let l1: Tensor
    /// Mean squared distance of latents to their entries.
    public let commitment: Tensor
}

extension ChunkAutoencoder {
    /// The loss of normalised chunks and its parts.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - stepMask: 1 where a step lies inside its episode, else 0, `[B, T]`.
    ///   - quantizing: Whether latents are quantized.
    ///   - commitment: Share of the distance between latents and their entries.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ actions: Tensor,
        stepMask: Tensor,
        quantizing: Bool,
        commitment: Double
    ) -> ReconstructionLoss {
        let found = reconstruction(of: actions, quantizing: quantizing)
        let errors = (found.actions - actions) * stepMask.unsqueezed(2)
        let values = stepMask.sum() * Double(actions.size(2))
        return ReconstructionLoss(
            total: penalty(errors).sum() / values + found.commitment * commitment,
            l1: errors.abs().sum() / values,
            commitment: found.commitment
        )
    }
}
