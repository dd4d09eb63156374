public import Support
public import VectorQuantization

/// The architecture of a FASTerVQ model.
public struct FASTerVQConfiguration: Codable, Equatable, Sendable {
    /// Patches of every action group type, by its name.
    public var patches: [String: PatchShape]

    /// Encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// Residual codebooks of latents.
    public var quantizer = FASTerVQConfiguration.defaultQuantizer

    /// Residual codebooks after them, in action space.
    public var actionSpaceQuantizer = ActionSpaceQuantizer.Configuration()

    /// Number of codebooks in all, coarse to fine.
    public var codebookCount: Int { quantizer.codebookCount + actionSpaceQuantizer.codebookCount }

    /// Two codebooks of latents, of the paper's size; its third is an action-space stage.
    public static var defaultQuantizer: ResidualQuantizer.Configuration {
        var result = ResidualQuantizer.Configuration()
        (result.codebookCount, result.codebookSize) = (2, 4096)
        return result
    }

    /// Describes a model of such patches.
    public init(patches: [String: PatchShape]) { self.patches = patches }
}

extension FASTerVQConfiguration: Validatable {
    /// Checks every value.
    ///
    /// There may be no patches: a recipe does not name them, they follow from the robots.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require("autoencoder", autoencoder)
        try Validation.require("quantizer", quantizer)
        try Validation.require("actionSpaceQuantizer", actionSpaceQuantizer)
        for (type, shape) in patches.sorted(by: { $0.key < $1.key }) {
            try Validation.require("patches.\(type)", shape)
        }
    }
}
