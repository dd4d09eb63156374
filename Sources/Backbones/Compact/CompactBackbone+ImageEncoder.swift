internal import Torch

extension CompactBackbone {
    /// The input with features of a frozen encoder in place of its images; of a backbone without one, or whose encoder is trained, as
    /// it is.
    ///
    /// In a training this comes before autocast, which would round features in another way than at inference.
    public func encodingImages(of input: PrefixInput) -> PrefixInput {
        guard let imageEncoder, imageEncoder.isFrozen, input.imageFeatures == nil else { return input }
        var encoded = input
        encoded.imageFeatures = withoutGradients { input.images.map { imageEncoder($0) } }
        encoded.images = []
        return encoded
    }
}
