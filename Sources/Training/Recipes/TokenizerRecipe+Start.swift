internal import FASTerVQ
public import Foundation
internal import Support
internal import VectorQuantization

extension TokenizerRecipe {
    /// The defaults of a training that starts from a model: they describe its network.
    ///
    /// - Parameter folder: Folder of a FASTerVQ tokenizer or model.
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood.
    public init(startingFrom folder: URL) throws {
        self.init()
        let network = try FASTerVQConfiguration(reading: folder)
        (autoencoder, quantizer) = (network.autoencoder, network.quantizer)
        actionSpaceQuantizer.codebookCount = network.actionSpaceQuantizer.codebookCount
    }

    /// Requires that the recipe describes the autoencoder of the model that a training starts from.
    ///
    /// Codebooks of another number or size are initialised anew.
    ///
    /// - Throws: ``RecipeError``.
    func checkAutoencoder(_ network: FASTerVQConfiguration) throws(RecipeError) {
        guard latentPositions.isEmpty else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'latentPositions' cannot be set when a training starts from a model, which has its own"
            )
        }
        guard let requested = RecipeTree(encoding: autoencoder),
            let present = RecipeTree(encoding: network.autoencoder),
            let difference = requested.firstDifference(from: present)
        else { return }
        throw RecipeError(
            source: "recipe",
            reason:
                "'autoencoder.\(difference.key)' cannot change when a training starts from a model: there it is "
                + "\(difference.other), found \(difference.own)"
        )
    }
}
