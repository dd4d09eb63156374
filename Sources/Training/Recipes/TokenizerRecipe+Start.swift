internal import FASTerVQ
public import Foundation
internal import Quantizers

extension TokenizerRecipe {
    /// The defaults of a training that starts from a model: they describe its network.
    ///
    /// - Parameter folder: Folder of a FASTerVQ tokenizer or model.
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood.
    public init(startingFrom folder: URL) throws {
        self.init()
        let network = try FASTerVQConfiguration(reading: folder)
        (autoencoder, quantizer) = (network.autoencoder, network.quantizer)
        refinement.codebookCount = network.refinement.codebookCount
    }

    /// Makes sure that the recipe asks for no other network than that of the model it starts from.
    ///
    /// - Throws: ``RecipeError`` that names the key.
    func checkNetwork(_ network: FASTerVQConfiguration) throws(RecipeError) {
        try RecipeNumbers.require(
            places.isEmpty,
            "'places' cannot be wished for when a training starts from a model, which has its own"
        )
        for (name, wished, present) in [
            ("autoencoder", RecipeValue(encoding: autoencoder), RecipeValue(encoding: network.autoencoder)),
            ("quantizer", RecipeValue(encoding: quantizer), RecipeValue(encoding: network.quantizer)),
        ] {
            guard let difference = wished?.firstDifference(from: present) else { continue }
            throw RecipeError(
                source: "recipe",
                reason:
                    "'\(name).\(difference.key)' cannot change when a training starts from a model: there it is "
                    + "\(difference.present), found \(difference.wished)"
            )
        }
    }
}

extension RecipeValue {
    /// The keys and values of something that is encoded as such; nil where it is not.
    fileprivate init?(encoding value: some Encodable) {
        guard let data = try? JSONEncoder().encode(value),
            let value = try? JSONDecoder().decode(RecipeValue.self, from: data)
        else { return nil }
        self = value
    }

    /// The first key, in their order, under which `other` holds something else.
    fileprivate func firstDifference(from other: RecipeValue?) -> (
        key: String, wished: String, present: String
    )? {
        guard case .map(let own) = self, case .map(let others)? = other else { return nil }
        let key = own.keys.sorted().first { own[$0] != others[$0] }
        return key.map { ($0, own[$0]?.example ?? "nothing", others[$0]?.example ?? "nothing") }
    }
}
