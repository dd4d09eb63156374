internal import ActionTokenizers
internal import Foundation
public import NN
public import RobotTypes
public import Torch

/// What FASTerVQ is, but for weights and statistics: `config.json` of a tokenizer's folder.
public struct FASTerVQConfiguration: Codable, Equatable, Sendable {
    /// Which tokenizer the folder holds, `fastervq`; folders written before the field existed lack it.
    public var tokenizer: String? = "fastervq"

    /// Layout of the folder; raised when it changes.
    public var formatVersion = 1

    /// What the columns of an action mean.
    public var actionSpace: ActionSpace

    /// Control steps of a chunk.
    public var horizon: Int

    /// Wished places along time by a group's name or kind; absent groups take the defaults of their kind.
    public var places: [String: Int] = [:]

    /// Encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// Codebooks.
    public var quantizer = ResidualQuantizer.Configuration()

    /// Describes a tokenizer of chunks of `horizon` steps.
    public init(actionSpace: ActionSpace, horizon: Int) {
        self.actionSpace = actionSpace
        self.horizon = horizon
    }

    /// How chunks are cut into places.
    public var patchifier: ActionPatchifier {
        ActionPatchifier(space: actionSpace, horizon: horizon, places: places)
    }
}

/// Autoencoder and quantizer: what is trained.
public struct FASTerVQNetwork: Module {
    /// Encoder and decoder.
    public let autoencoder: ActionAutoencoder

    /// Codebooks.
    public let quantizer: ResidualQuantizer

    /// How chunks are cut into places.
    public let patchifier: ActionPatchifier

    /// Smallest and largest normalised action of every column in the training data, `[2, D]`.
    @Buffer public var range: Tensor

    private let cosines: Tensor

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: FASTerVQConfiguration, device: Device) {
        patchifier = configuration.patchifier
        autoencoder = ActionAutoencoder(configuration.autoencoder, patchifier: patchifier, device: device)
        quantizer = ResidualQuantizer(
            configuration.quantizer,
            width: configuration.autoencoder.latentWidth,
            device: device
        )
        let dimension = configuration.actionSpace.dimension
        let bounds = [-1, 1].flatMap { Array(repeating: Float($0), count: dimension) }
        _range = Buffer(wrappedValue: Tensor(bounds, shape: [2, dimension], device: device))
        cosines = Tensor(
            DiscreteCosineTransform(length: configuration.horizon).matrix,
            shape: [configuration.horizon, configuration.horizon],
            device: device
        )
    }

    /// Codes of normalised chunks, `[B, T, D]`: int64 `[B, codebooks · N]`, along the places, then the codebooks.
    public func codes(for actions: Tensor) -> Tensor {
        let latents = autoencoder.latents(actions)
        let codes = quantizer.codes(for: latents.reshaped(-1, latents.size(2)))
        return codes.reshaped(actions.size(0), patchifier.placeCount, -1).transposed(1, 2)
            .reshaped(actions.size(0), -1)
    }

    /// Normalised chunks `[B, T, D]` of `codes`, int64 `[B, codebooks · N]`, within ``range``.
    public func actions(for codes: Tensor) -> Tensor {
        let places = patchifier.placeCount
        let rows = codes.reshaped(codes.size(0), -1, places).transposed(1, 2).reshaped(
            codes.size(0) * places,
            -1
        )
        return clipped(autoencoder.actions(quantizer.vectors(for: rows).reshaped(codes.size(0), places, -1)))
    }

    /// `actions`, `[B, T, D]`, moved into ``range``.
    private func clipped(_ actions: Tensor) -> Tensor {
        Self.clamp(.tensor(actions), .tensor(range.select(0, 0)), .tensor(range.select(0, 1)))
    }

    private static let clamp = Operator("aten::clamp", "Tensor")

    /// Takes ``range`` from normalised training data, `[n, T, D]`.
    public func measureRange(of actions: Tensor) {
        withoutGradients {
            range.select(0, 0).copyInPlace(actions.min(0, 1))
            range.select(0, 1).copyInPlace(actions.max(0, 1))
        }
    }

    /// The loss of normalised chunks and its parts (paper, FASTerVQ 4).
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`; steps beyond an episode's end repeat its last action.
    ///   - stepMask: 1 where a step lies inside its episode, else 0, `[B, T]`.
    ///   - placeMask: 1 where a place holds such a step, else 0, `[B, N]`.
    ///   - quantizing: Whether latents are quantized; before the codebooks exist they pass as they are.
    ///   - weights: Shares of the parts.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ actions: Tensor,
        stepMask: Tensor,
        placeMask: Tensor,
        quantizing: Bool,
        weights: TokenizerLossWeights
    ) -> TokenizerLoss {
        let latents = autoencoder.latents(actions)
        var restored = latents
        var commitment = Tensor.zeros([], device: actions.device)
        if quantizing {
            let flat = quantizer.train(latents.reshaped(-1, latents.size(2)), weights: placeMask.reshaped(-1))
            restored = flat.quantized.reshaped(latents.shape)
            commitment = flat.commitment
        }
        let free = autoencoder.actions(restored)
        let held = clipped(free)
        let error = (held - actions) * stepMask.unsqueezed(2)
        let entries = stepMask.sum() * Double(actions.size(2))
        let absolute = error.abs()
        let l1 = absolute.sum() / entries
        let frequencies = cosines.matmul(error).abs().sum() / entries
        let peak = absolute.max(1, 2).mean()
        let excess = ((free - held) * stepMask.unsqueezed(2)).abs().sum() / entries
        let total =
            l1 + frequencies * weights.frequency + commitment * weights.commitment + peak * weights.peak
            + excess * weights.excess
        return TokenizerLoss(total: total, l1: l1, frequency: frequencies, commitment: commitment, peak: peak)
    }
}

/// Shares of the parts of a tokenizer's loss beside the mean absolute error.
public struct TokenizerLossWeights: Codable, Equatable, Sendable {
    /// Of the absolute error of the orthonormal DCT along time.
    public var frequency = 1.0

    /// Of the distance between latents and their entries.
    public var commitment = 0.25

    /// Of the largest absolute error of a chunk, averaged over chunks: cuts the tail that decides VRR.
    public var peak = 0.1

    /// Of what exceeds the range of the training data, which is clipped and costs nothing else.
    public var excess = 0.1

    /// The paper's, and a little against the tail.
    public init() {}
}

/// The loss of one batch and its parts, scalars.
public struct TokenizerLoss {
    /// What is minimised.
    public let total: Tensor
    /// Mean absolute error, normalised units.
    public let l1: Tensor
    /// Mean absolute error of the DCT along time.
    public let frequency: Tensor
    /// Mean squared distance of latents to their entries.
    public let commitment: Tensor
    /// Largest absolute error of a chunk, mean over chunks.
    public let peak: Tensor
}

extension FASTerVQNetwork {
    /// Gives the codebooks their first entries, from the latents of `actions`, `[B, T, D]`.
    public func initializeCodebooks(from actions: Tensor) {
        withoutGradients {
            let latents = autoencoder.latents(actions)
            quantizer.initialize(from: latents.reshaped(-1, latents.size(2)))
        }
    }
}
