public import Backbones
public import NN
public import Support
public import Torch

/// A published model as the backbone of a policy: what the policy adds to its `config.json`, which lies, with the text
/// tokenizer, in the policy's folder `backbone`.
public struct PretrainedBackboneConfiguration: Codable, Equatable, Sendable {
    /// The publisher's name of the architecture, for example `paligemma`.
    public var modelType: String

    /// Size of every camera's image, in the order of the contract.
    public var images: [ImageSize]

    /// How images of these sizes become those of the vision encoder; nil for ``ImageProcessingChoice/padded``.
    public var imageProcessing: ImageProcessingChoice?

    /// Length of the state vector, which is a part of the prompt.
    public var stateDimension: Int

    /// Number of bins of a state value.
    public var stateBins = 256

    /// Element type of the network's parameters, by its name in safetensors, for example `BF16`.
    public var dtype: String

    /// Adapters of the network's linear layers; nil for none.
    public var adapter: LowRankAdapter.Configuration?

    /// True if the published weights are kept as they are: they lie in the folder `backbone`, beside their configuration.
    public var isFrozen: Bool

    /// Describes a backbone.
    ///
    /// - Parameters:
    ///   - modelType: The publisher's name of the architecture.
    ///   - images: Size of every camera's image.
    ///   - stateDimension: Length of the state vector.
    ///   - dtype: Element type of the parameters.
    ///   - isFrozen: True if the published weights are kept as they are.
    public init(
        modelType: String,
        images: [ImageSize],
        stateDimension: Int,
        dtype: DType,
        isFrozen: Bool
    ) {
        (self.modelType, self.images, self.stateDimension) = (modelType, images, stateDimension)
        (self.dtype, self.isFrozen) = (dtype.safetensorsName, isFrozen)
    }

    /// Cameras and state, as the input processor of a published model takes them.
    var settings: ProcessorSettings {
        var settings =
            imageProcessing == .published
            ? ProcessorSettings(recordedSizes: images) : ProcessorSettings(cameraCount: images.count)
        settings.stateBins = stateBins
        return settings
    }

    /// Creates the network of `model`, its parameters undefined.
    ///
    /// - Throws: The errors of published models.
    func makeNetwork(_ model: PretrainedModel, device: Device) throws -> any PretrainedBackbone {
        let dtype = DType(safetensorsName: dtype) ?? .float32
        let network = try model.makeNetwork(dtype: dtype, adapter: adapter, device: device)
        if isFrozen { network.freezeAllButAdapters() }
        return network
    }
}

extension PretrainedBackboneConfiguration: Validatable {
    /// Checks that a network can be made of the settings.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(!images.isEmpty, "images", "the size of every camera's image", found: "none")
        for (index, image) in images.enumerated() {
            try Validation.require(
                ["images[\(index)].height": image.height, "images[\(index)].width": image.width],
                in: 1 ... Validation.largestSize
            )
        }
        try Validation.require(["stateDimension": stateDimension], in: 0 ... Validation.largestSize)
        try Validation.require(["stateBins": stateBins], in: 2 ... Validation.largestSize)
        try Validation.require(
            [DType.float32, .bfloat16, .float16].map(\.safetensorsName).contains(dtype),
            "dtype",
            "F32, BF16 or F16",
            found: dtype
        )
        guard let adapter else { return }
        try Validation.require(isFrozen, "isFrozen", "true where there are adapters", found: isFrozen)
        try Validation.require(["adapter.rank": adapter.rank], in: 1 ... Validation.largestSize)
        try Validation.require(
            adapter.alpha > 0 && adapter.alpha.isFinite,
            "adapter.alpha",
            "a number above 0",
            found: adapter.alpha
        )
    }
}
