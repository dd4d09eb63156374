public import NN
public import Torch
package import VectorQuantization

/// FASTerVQ: patchify, encode, quantize by residual codebooks, decode (arXiv 2512.04952, FASTerVQ).
///
/// Actions are normalised. Codes run along the latent positions of the first codebook, then of the next: coarse to fine.
/// Weights belong to action group types, not to a robot. Departures from the paper are in `Departures/`.
public struct FASTerVQModel: Module {
    /// The architecture.
    public let configuration: FASTerVQConfiguration

    /// Device of the weights.
    public let device: Device

    package let autoencoder: ActionAutoencoder
    package let quantizer: GroupedResidualQuantizer
    package let actionSpaceQuantizer: ActionSpaceQuantizer

    /// Creates a randomly initialised model, by libtorch's generator.
    public init(_ configuration: FASTerVQConfiguration, device: Device) {
        self.configuration = configuration
        self.device = device
        let (patches, latentWidth) = (configuration.patches, configuration.autoencoder.latentWidth)
        autoencoder = ActionAutoencoder(configuration.autoencoder, shapes: patches, device: device)
        quantizer = GroupedResidualQuantizer(
            configuration.quantizer,
            groupCount: ActionGroupTypes(autoencoded: patches).all.count,
            width: latentWidth,
            device: device
        )
        actionSpaceQuantizer = ActionSpaceQuantizer(configuration, device: device)
    }

    /// Encodes chunks of a robot.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - stepMask: 1 where a step counts for the action-space stages, else 0, `[B, T]`; nil for all.
    ///   - robot: The robot.
    /// - Returns: Codes, int64 `[B, codebooks · N]`.
    public func encode(_ actions: Tensor, stepMask: Tensor? = nil, of robot: Embodiment) -> Tensor {
        let batch = latentBatch([(robot, actions.size(0))])
        let (codes, decoded) = reconstruct([robot.patchifier.autoencoded.patchify(actions)], in: batch)
        let mask = stepMask ?? .ones(Array(actions.shape.prefix(2)), device: actions.device)
        let stages = actionSpaceQuantizer.codes(for: actions, from: decoded[0], stepMask: mask, of: robot)
        return CodeGrid(latentCodes: codes, stageCodes: stages, robot.patchifier).flat
    }

    /// Decodes chunks of a robot, within the recorded range.
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, codebooks · N]`, or those of the first codebooks only, for coarser chunks.
    ///   - robot: The robot.
    /// - Returns: `[B, T, D]`.
    public func decode(_ codes: Tensor, of robot: Embodiment) -> Tensor {
        let grid = CodeGrid(codes, robot.patchifier, latentCodebookCount: quantizer.codebookCount)
        let batch = latentBatch([(robot, codes.size(0))])
        let decoded = autoencoder.decode(quantizer.vectors(for: grid.latentCodes, in: batch), in: batch)[0]
        return actionSpaceQuantizer.actions(for: grid.stageCodes, from: decoded, of: robot)
    }

    /// Loss of a batch: L1, L1 of the DCT along time, and commitment.
    ///
    /// Action-space stages and groups that bypass the autoencoder are no part of it. Updates the codebooks by EMA.
    ///
    /// - Parameters:
    ///   - batches: Chunks of every robot; each chunk counts the same, whatever its robot's columns.
    ///   - activeQuantizers: Number of codebooks of latents that each chunk may use (quantizer dropout), int64 `[ΣB]`, so that
    ///     the first ones learn to do without the others; nil for all.
    ///   - quantizing: False passes latents on unquantized, before the codebooks are initialised.
    ///   - weights: Weights of the terms.
    ///   - computeDType: Type of the transformers' products; nil for single precision.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ batches: [ActionBatch],
        activeQuantizers: Tensor? = nil,
        quantizing: Bool,
        weights: TokenizerLossWeights,
        computeDType: DType? = nil
    ) -> TokenizerLoss {
        let batch = latentBatch(batches.map { ($0.embodiment, $0.count) })
        let patches = batches.map { $0.embodiment.patchifier.autoencoded.patchify($0.actions) }
        let latents = autoencoder.encode(patches, in: batch, computeDType: computeDType)
        let (quantized, commitment) =
            quantizing
            ? quantizer.train(
                latents,
                in: batch,
                weights: latentWeights(batches),
                activeQuantizers,
                shares: batch.rowShares(batches.map(\.share))
            )
            : (latents, Tensor.zeros([], device: device))
        let decoded = autoencoder.decode(quantized, in: batch, computeDType: computeDType)
        return TokenizerLoss(decoded, of: batches, commitment: commitment, weights: weights)
    }

    /// The L1 term of ``loss(_:activeQuantizers:quantizing:weights:computeDType:)``, a scalar, with all codebooks of latents, which
    /// stay as they are.
    public func l1(_ batches: [ActionBatch]) -> Tensor {
        let batch = latentBatch(batches.map { ($0.embodiment, $0.count) })
        let patches = batches.map { $0.embodiment.patchifier.autoencoded.patchify($0.actions) }
        let decoded = reconstruct(patches, in: batch).decoded
        let none = Tensor.zeros([], device: device)
        return TokenizerLoss(decoded, of: batches, commitment: none, weights: TokenizerLossWeights()).l1
    }

    /// Encodes patches and decodes their codes of latents.
    ///
    /// - Parameters:
    ///   - patches: Patches of every robot in `batch`, of every group, `[B, P, steps · columns]`.
    ///   - batch: The layout.
    /// - Returns: Codes, int64 `[ΣB, N, codebooks]`, and the patches that they stand for.
    func reconstruct(_ patches: [[Tensor]], in batch: LatentBatch) -> (codes: Tensor, decoded: [[Tensor]]) {
        let codes = quantizer.codes(for: autoencoder.encode(patches, in: batch), in: batch)
        return (codes, autoencoder.decode(quantizer.vectors(for: codes, in: batch), in: batch))
    }

    /// Initialises the codebooks of latents by k-means over the latents of chunks.
    public func initializeCodebooks(from batches: [ActionBatch]) {
        withoutGradients {
            let latents = batches.map { chunks in
                let batch = latentBatch([(chunks.embodiment, chunks.count)])
                let patches = chunks.embodiment.patchifier.autoencoded.patchify(chunks.actions)
                return batch.byType(autoencoder.encode([patches], in: batch))
            }
            quantizer.initialize(
                from: autoencoder.types.all.indices.map { type in
                    let own = latents.compactMap { $0[type] }
                    return own.isEmpty ? nil : .concatenated(own, axis: 0)
                }
            )
        }
    }

    /// 1 for latents that count, 0 for those of padding, of the whole batch by group type, `[n]`.
    private func latentWeights(_ batches: [ActionBatch]) -> [Tensor?] {
        let masks = batches.map { $0.share?.stepMask ?? $0.stepMask }
        let whole = latentBatch(zip(batches, masks).map { ($0.embodiment, $1.size(0)) })
        return whole.byType(
            whole.padded(
                zip(batches, masks).map { $0.embodiment.patchifier.autoencoded.latentPositionMask($1) }
            )
        )
    }

    func latentBatch(_ robots: [(robot: Embodiment, chunkCount: Int)]) -> LatentBatch {
        LatentBatch(
            robots.map { ($0.robot.patchifier, $0.chunkCount) },
            types: autoencoder.types,
            device: device
        )
    }
}

extension GroupedResidualQuantizer {
    /// Codes of latents, `[B, N, C]`: int64 `[B, N, codebooks]`.
    func codes(for latents: Tensor, in batch: LatentBatch) -> Tensor {
        batch.fromTypes(codes(for: batch.byType(latents)))
    }

    /// Latents of codes, int64 `[B, N, codebooks]`: `[B, N, C]`.
    func vectors(for codes: Tensor, in batch: LatentBatch) -> Tensor {
        batch.fromTypes(vectors(for: batch.byType(codes)))
    }

    /// Quantizes latents, `[ΣB, N, C]`, in training; see ``train(_:weights:activeQuantizers:shares:)``.
    fileprivate func train(
        _ latents: Tensor,
        in batch: LatentBatch,
        weights: [Tensor?],
        _ activeQuantizers: Tensor?,
        shares: [RowShare]?
    ) -> (quantized: Tensor, commitment: Tensor) {
        let active = activeQuantizers.map { active in
            batch.byType(active.unsqueezed(1).expanded([active.size(0), latents.size(1)]))
        }
        let (quantized, commitment) = train(
            batch.byType(latents),
            weights: weights,
            activeQuantizers: active,
            shares: shares
        )
        return (batch.fromTypes(quantized), commitment)
    }
}
