internal import Backbones
internal import FASTerVLA
internal import Torch

extension BackboneRecipe {
    /// The published model; nil for the compact backbone.
    ///
    /// - Throws: The errors of published models.
    func model() throws -> PretrainedModel? {
        pretrained.isEmpty ? nil : try PretrainedModel(PretrainedFolder(pretrained))
    }
}

extension ResolvedPolicy {
    /// The backbone that `recipe` asks for, with the cameras of `sources`.
    ///
    /// - Throws: ``DemonstrationsError`` for images that do not fit it; the errors of published models.
    static func backbone(
        _ recipe: PolicyRecipe,
        _ model: PretrainedModel?,
        _ sources: [PolicySource],
        _ cameraNames: [String],
        stateDimension: Int,
        _ objectPoses: ObjectPoseLabels?
    ) throws -> PolicyConfiguration.BackboneConfiguration {
        guard let model else {
            return .compact(
                try compactBackbone(
                    recipe,
                    sources,
                    cameraNames,
                    stateDimension: stateDimension,
                    objectPoses
                )
            )
        }
        let isPublished = recipe.backbone.imageProcessing == .published
        let settings =
            isPublished
            ? ProcessorSettings(
                recordedSizes: try cameraNames.map {
                    let size = try sources.imageSize(of: $0)
                    return ImageSize(height: size.height, width: size.width)
                }
            ) : ProcessorSettings(cameraCount: cameraNames.count)
        let processor = try model.makeProcessor(settings)
        let isFrozen = recipe.backbone.training != .full
        var backbone = PretrainedBackboneConfiguration(
            modelType: model.modelType,
            images: processor.imageSizes,
            stateDimension: stateDimension,
            // Steps of a training are too small for the published precision.
            dtype: isFrozen ? try model.dtype() : .float32,
            isFrozen: isFrozen
        )
        if isPublished { backbone.imageProcessing = .published }
        if recipe.backbone.training == .lora { backbone.adapter = recipe.backbone.lora }
        return .pretrained(backbone)
    }

    private static func compactBackbone(
        _ recipe: PolicyRecipe,
        _ sources: [PolicySource],
        _ cameraNames: [String],
        stateDimension: Int,
        _ objectPoses: ObjectPoseLabels?
    ) throws -> CompactBackbone.Configuration {
        let settings = recipe.backbone
        let cameras = try cameraNames.enumerated().map { index, name in
            let recorded = try sources.imageSize(of: name)
            let size =
                settings.imageSize > 0 ? (height: settings.imageSize, width: settings.imageSize) : recorded
            let isSummary = settings.imageTokens == .summary
            let patch = index == 0 ? settings.pixelsPerToken : settings.pixelsPerTokenOfOtherCameras
            let pixels = isSummary ? settings.encoder?.pixelsPerCell ?? patch : patch
            guard size.height > 0, size.height % pixels == 0, size.width % pixels == 0 else {
                throw DemonstrationsError(
                    description:
                        "\(name): images of \(size.height) x \(size.width) pixels cannot be divided into "
                        + "\(isSummary ? "cells" : "patches") of \(pixels) x \(pixels); have them scaled, for example with "
                        + "--set backbone.imageSize=\(8 * pixels)"
                )
            }
            return CompactBackbone.Configuration.Camera(
                height: size.height,
                width: size.width,
                pixelsPerToken: isSummary ? 0 : patch,
                keypoints: settings.keypoints
            )
        }
        var backbone = CompactBackbone.Configuration(
            cameras: cameras,
            stateDimension: stateDimension
        )
        (backbone.width, backbone.layerCount, backbone.headCount) = (
            settings.width, settings.layerCount, settings.headCount
        )
        backbone.imageEncoder = settings.encoder
        backbone.summarizesImages = settings.imageTokens == .summary ? true : nil
        backbone.isBlind = settings.imageEncoder == .blind ? true : nil
        backbone.objectPoseDimension = objectPoses?.columns.count
        backbone.supportsDecoding = recipe.head == .blocksWithoutExpert || settings.isInsulated
        return backbone
    }
}
