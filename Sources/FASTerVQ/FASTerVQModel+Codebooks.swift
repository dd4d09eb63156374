internal import NN
internal import Torch
package import VectorQuantization

extension FASTerVQModel {
    /// The same model with its first codebooks only: for a policy that has no time for all.
    ///
    /// - Parameter codebooks: At least 1.
    /// - Returns: A model with copies of the weights; this one where it has no more codebooks.
    public func keeping(codebooks: Int) -> FASTerVQModel {
        guard codebooks < configuration.codebookCount else { return self }
        var changed = configuration
        changed.quantizer.codebookCount = min(codebooks, configuration.quantizer.codebookCount)
        changed.actionSpaceQuantizer.codebookCount = codebooks - changed.quantizer.codebookCount
        return copied(with: changed)
    }

    /// The same model with other action-space stages; its codebooks of latents stay.
    ///
    /// - Parameter settings: Number of stages, and how they are fitted next.
    /// - Returns: A model with copies of the weights, whose further stages wait to be fitted.
    public func with(actionSpaceQuantizer settings: ActionSpaceQuantizer.Configuration) -> FASTerVQModel {
        var changed = configuration
        changed.actionSpaceQuantizer = settings
        return copied(with: changed)
    }

    /// True if the codebooks of latents are as many and as large as `settings` says.
    package func hasCodebooks(of settings: ResidualQuantizer.Configuration) -> Bool {
        let own = configuration.quantizer
        return (own.codebookCount, own.codebookSize) == (settings.codebookCount, settings.codebookSize)
    }

    /// The same autoencoder with other codebooks, all of which wait to be initialised or fitted.
    package func with(quantizer settings: ResidualQuantizer.Configuration) -> FASTerVQModel {
        var changed = configuration
        changed.quantizer = settings
        return copied(with: changed)
    }

    /// Codebook entries of the patches of `group`, of latents and then of action-space stages, `[codebooks, K, C]`.
    ///
    /// C is the wider of the two; zeros fill the other up.
    func entries(of group: PatchGroup) -> Tensor {
        let quantizer = actionSpaceQuantizer
        let stages = quantizer.stages[quantizer.types.index(of: group)].entries
        guard !group.shape.bypassesAutoencoder else { return stages }
        let types = ActionGroupTypes(autoencoded: configuration.patches)
        let latents = self.quantizer.quantizers[types.index(of: group)].entries
        let width = max(latents.size(2), stages.size(2))
        let parts = [latents, stages].map { $0.padded([0, width - $0.size(2)]) }
        return .concatenated(parts, axis: 0)
    }

    /// A model of `changed`, which has other numbers of codebooks or entries, with this one's weights where they fit.
    private func copied(with changed: FASTerVQConfiguration) -> FASTerVQModel {
        let result = FASTerVQModel(changed, device: device)
        withoutGradients {
            for (own, other) in zip(result.tensors, tensors)
            where own.tensor.shape.dropFirst() == other.tensor.shape.dropFirst() {
                let count = min(own.tensor.size(0), other.tensor.size(0))
                own.tensor.narrowed(0, from: 0, count: count)
                    .copyInPlace(other.tensor.narrowed(0, from: 0, count: count))
            }
        }
        return result
    }
}
