internal import Foundation

/// Mean and standard deviation of red, green and blue, of pixels from 0 to 1.
package struct PixelNormalization: Sendable {
    let mean: [Float]
    let deviation: [Float]

    /// Pixels between -1 and 1.
    package static let half = PixelNormalization(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])

    /// Those of CLIP's training images (arXiv 2103.00020).
    package static let clip = PixelNormalization(
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11]
    )

    /// Those of ImageNet.
    package static let imageNet = PixelNormalization(
        mean: [0.485, 0.456, 0.406],
        deviation: [0.229, 0.224, 0.225]
    )

    private init(mean: [Float], deviation: [Float]) { (self.mean, self.deviation) = (mean, deviation) }

    /// Normalization that the image processor in a published model's folder is set to.
    ///
    /// Its settings are `image_processor` of `processor_config.json`, or else `preprocessor_config.json`.
    ///
    /// - Parameters:
    ///   - folder: Folder of the published model.
    ///   - standard: That of the publisher's class, for keys and files that are missing.
    /// - Throws: ``PretrainedError`` for settings that are none.
    init(of folder: URL, default standard: PixelNormalization) throws(PretrainedError) {
        guard let settings = try Self.settings(in: folder) else {
            self = standard
            return
        }
        // Both are in the units of pixels after they are scaled: bytes divided by 255 unless the settings say otherwise.
        let scale = try settings.number("rescale_factor", default: 1 / 255)
        let unit = try settings.flag("do_rescale", default: true) ? scale * 255 : 255
        guard unit > 0, unit.isFinite else {
            throw settings.error("rescale_factor", expected: "a number above 0", found: "\(scale)")
        }
        guard try settings.flag("do_normalize", default: true) else {
            self.init(mean: [0, 0, 0], deviation: Array(repeating: Float(1 / unit), count: 3))
            return
        }
        let mean = try settings.channels("image_mean")?.map { Float($0 / unit) }
        let deviation = try settings.channels("image_std")?.map { Float($0 / unit) }
        self.init(
            mean: mean ?? standard.mean.map { $0 / Float(unit) },
            deviation: deviation ?? standard.deviation.map { $0 / Float(unit) }
        )
        guard self.mean.allSatisfy(\.isFinite) else {
            throw settings.error("image_mean", expected: "finite", found: "\(self.mean)")
        }
        guard self.deviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw settings.error("image_std", expected: "above 0", found: "\(self.deviation)")
        }
    }

    /// Settings of the image processor in `folder`; nil where there are none.
    private static func settings(in folder: URL) throws(PretrainedError) -> PublishedConfiguration? {
        func read(_ name: String) throws(PretrainedError) -> PublishedConfiguration? {
            let file = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { return nil }
            return try PublishedConfiguration(reading: file)
        }
        if let images = try read("processor_config.json")?.object("image_processor") { return images }
        return try read("preprocessor_config.json")
    }
}
