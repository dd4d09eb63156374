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

    /// Requires that the recipe describes the network of the model that a training starts from.
    ///
    /// - Throws: ``RecipeError``.
    func checkNetwork(_ network: FASTerVQConfiguration) throws(RecipeError) {
        guard latentPositions.isEmpty else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'latentPositions' cannot be set when a training starts from a model, which has its own"
            )
        }
        for (group, requested, present) in [
            ("autoencoder", RecipeTree(encoding: autoencoder), RecipeTree(encoding: network.autoencoder)),
            ("quantizer", RecipeTree(encoding: quantizer), RecipeTree(encoding: network.quantizer)),
        ] {
            guard let requested, let present, let difference = requested.firstDifference(from: present) else {
                continue
            }
            throw RecipeError(
                source: "recipe",
                reason:
                    "'\(group).\(difference.key)' cannot change when a training starts from a model: there it is "
                    + "\(difference.other), found \(difference.own)"
            )
        }
    }
}
