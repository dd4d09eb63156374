public import NN
public import Quantizers
public import Torch

/// The architecture of a network.
public struct FASTerVQConfiguration: Codable, Equatable, Sendable {
    /// How each kind of motion is cut, by the kind's name.
    public var patches: [String: PatchShape]

    /// Encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// Codebooks.
    public var quantizer = ResidualQuantizer.Configuration()

    /// Describes a network that cuts motion as `patches` say.
    public init(patches: [String: PatchShape]) { self.patches = patches }
}

/// Autoencoder and quantizer: what is trained.
public struct FASTerVQNetwork: Module {
    /// Encoder and decoder.
    public let autoencoder: ActionAutoencoder

    /// Codebooks.
    public let quantizer: ResidualQuantizer

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: FASTerVQConfiguration, device: Device) {
        autoencoder = ActionAutoencoder(
            configuration.autoencoder,
            shapes: configuration.patches,
            device: device
        )
        quantizer = ResidualQuantizer(
            configuration.quantizer,
            width: configuration.autoencoder.latentWidth,
            device: device
        )
    }

    /// Codes of a robot's normalised chunks.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - embodiment: The robot.
    /// - Returns: int64 `[B, codebooks · N]`, along the places, then the codebooks.
    public func codes(for actions: Tensor, of embodiment: Embodiment) -> Tensor {
        let latents = autoencoder.latents([actions], grid: embodiment.grid(actions.size(0), actions.device))
        let codes = quantizer.codes(for: latents.reshaped(-1, latents.size(2)))
        return codes.reshaped(actions.size(0), latents.size(1), -1).transposed(1, 2)
            .reshaped(actions.size(0), -1)
    }

    /// A robot's normalised chunks, within what was recorded.
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, codebooks · N]`, or those of the first codebooks only, for coarser chunks.
    ///   - embodiment: The robot.
    /// - Returns: `[B, T, D]`.
    public func actions(for codes: Tensor, of embodiment: Embodiment) -> Tensor {
        let (count, places) = (codes.size(0), embodiment.patchifier.placeCount)
        let rows = codes.reshaped(count, -1, places).transposed(1, 2).reshaped(count * places, -1)
        let latents = quantizer.vectors(for: rows).reshaped(count, places, -1)
        let chunks = autoencoder.actions(latents, grid: embodiment.grid(count, codes.device))
        return embodiment.clipped(chunks[0])
    }

    /// Gives the codebooks their first entries.
    ///
    /// - Parameter chunks: Every robot's normalised chunks, `[B, T, D]`.
    public func initializeCodebooks(from chunks: [(embodiment: Embodiment, actions: Tensor)]) {
        withoutGradients {
            let latents = chunks.map { embodiment, actions in
                let grid = embodiment.grid(actions.size(0), actions.device)
                let latents = autoencoder.latents([actions], grid: grid)
                return latents.reshaped(-1, latents.size(2))
            }
            quantizer.initialize(from: .concatenated(latents, axis: 0))
        }
    }
}

extension Embodiment {
    /// The grid of `count` chunks of this robot alone.
    func grid(_ count: Int, _ device: Device) -> PlaceGrid {
        PlaceGrid([patchifier], rows: [count], device: device)
    }
}
