public import NN
public import Quantizers
public import Torch

/// The architecture of a network.
public struct FASTerVQConfiguration: Codable, Equatable, Sendable {
    /// How each kind of motion is cut, by the kind's name.
    public var patches: [String: PatchShape]

    /// Encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// The network's codebooks.
    public var quantizer = FASTerVQConfiguration.standardQuantizer

    /// The codebooks after them.
    public var refinement = RefinementCodebooks.Configuration()

    /// Codebooks in all, coarse to fine.
    public var codebookCount: Int { quantizer.codebookCount + refinement.codebookCount }

    /// Two codebooks of the network's: of more, a refinement makes more.
    public static var standardQuantizer: ResidualQuantizer.Configuration {
        var result = ResidualQuantizer.Configuration()
        result.codebookCount = 2
        return result
    }

    /// Describes a network that cuts motion as `patches` say.
    public init(patches: [String: PatchShape]) { self.patches = patches }
}

/// Autoencoder and quantizer: what is trained.
public struct FASTerVQNetwork: Module {
    /// Encoder and decoder.
    public let autoencoder: ActionAutoencoder

    /// What latents are made into codes with.
    public let codebooks: MotionCodebooks

    /// What the rest is made into codes with.
    public let refinement: RefinementCodebooks

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: FASTerVQConfiguration, device: Device) {
        autoencoder = ActionAutoencoder(
            configuration.autoencoder,
            shapes: configuration.patches,
            device: device
        )
        codebooks = MotionCodebooks(
            configuration.quantizer,
            kinds: MotionKinds(learned: configuration.patches),
            width: configuration.autoencoder.latentWidth,
            device: device
        )
        refinement = RefinementCodebooks(
            configuration.refinement,
            shapes: configuration.patches,
            replacing: configuration.quantizer.codebookCount,
            size: configuration.quantizer.codebookSize,
            device: device
        )
    }

    /// Gives the network's codebooks their first entries.
    ///
    /// - Parameter chunks: Every robot's normalised chunks, `[B, T, D]`.
    public func initializeCodebooks(from chunks: [(embodiment: Embodiment, actions: Tensor)]) {
        withoutGradients {
            codebooks.initialize(
                from: chunks.map { embodiment, actions in
                    let grid = embodiment.grid(actions.size(0))
                    return (autoencoder.latents([actions], grid: grid), grid)
                }
            )
        }
    }
}
