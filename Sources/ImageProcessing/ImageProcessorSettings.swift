internal import Foundation
internal import RobotTypes

/// Settings of an image processor in a model's folder, by the names of `transformers`.
///
/// A key that is absent has the default of the model's own class. The normalization of pixels is no part of this.
struct ImageProcessorSettings: Decodable {
    /// Size of what comes out; which keys it has depends on the model.
    struct Size: Decodable {
        var height: Int?
        var width: Int?
        var shortestEdge: Int?
        var longestEdge: Int?

        private enum CodingKeys: String, CodingKey {
            case height, width
            case shortestEdge = "shortest_edge"
            case longestEdge = "longest_edge"
        }

        init(from decoder: any Decoder) throws {
            if let side = try? decoder.singleValueContainer().decode(Int.self) {
                (height, width) = (side, side)
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            height = try container.decodeIfPresent(Int.self, forKey: .height)
            width = try container.decodeIfPresent(Int.self, forKey: .width)
            shortestEdge = try container.decodeIfPresent(Int.self, forKey: .shortestEdge)
            longestEdge = try container.decodeIfPresent(Int.self, forKey: .longestEdge)
        }
    }

    var resizes: Bool?
    var filter: Int?
    var size: Size?
    var imageSequenceLength: Int?
    var minimumPixels: Int?
    var maximumPixels: Int?
    var patchSize: Int?
    var temporalPatchSize: Int?
    var mergeSize: Int?
    var minimumPatches: Int?
    var maximumPatches: Int?
    var splitsImages: Bool?
    var maximumImageSize: Size?

    enum CodingKeys: String, CodingKey {
        case size
        case resizes = "do_resize"
        case filter = "resample"
        case imageSequenceLength = "image_seq_length"
        case minimumPixels = "min_pixels"
        case maximumPixels = "max_pixels"
        case patchSize = "patch_size"
        case temporalPatchSize = "temporal_patch_size"
        case mergeSize = "merge_size"
        case minimumPatches = "min_patches"
        case maximumPatches = "max_patches"
        case splitsImages = "do_image_splitting"
        case maximumImageSize = "max_image_size"
    }
}

/// The files of a model's folder that concern its images.
struct ImageProcessorFiles {
    /// Settings of the processor of text and images.
    private struct Processor: Decodable {
        var images: ImageProcessorSettings?
        var sequenceLength: Int?
        var sequenceLengthOfSmolVLM: Int?

        enum CodingKeys: String, CodingKey {
            case images = "image_processor"
            case sequenceLength = "image_seq_length"
            case sequenceLengthOfSmolVLM = "image_seq_len"
        }
    }

    /// Settings of the image processor.
    let settings: ImageProcessorSettings

    /// Number of tokens of an image or tile; nil where no file says.
    let tokenCount: Int?

    /// Folder of the files.
    let folder: URL

    /// Reads `processor_config.json` and, unless that has an image processor, `preprocessor_config.json`.
    ///
    /// - Throws: ``ImageProcessingError`` that names the file that is not understood, or that there is none.
    init(folder: URL) throws(ImageProcessingError) {
        self.folder = folder
        let processor = try Self.read(Processor.self, folder.appending(path: "processor_config.json"))
        if let images = processor?.images {
            settings = images
        } else {
            let file = folder.appending(path: "preprocessor_config.json")
            guard let images = try Self.read(ImageProcessorSettings.self, file) else {
                throw ImageProcessingError("\(file.path): is missing")
            }
            settings = images
        }
        tokenCount =
            processor?.sequenceLength ?? processor?.sequenceLengthOfSmolVLM ?? settings.imageSequenceLength
    }

    private static func read<Value: Decodable>(
        _ type: Value.Type,
        _ file: URL
    ) throws(ImageProcessingError) -> Value? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: file))
        } catch {
            throw ImageProcessingError("\(file.path): cannot be understood: \(error)")
        }
    }

    /// An error about one of the settings.
    func error(_ key: String, expected: String, found: Any) -> ImageProcessingError {
        ImageProcessingError(
            "\(folder.path): image processor: '\(key)': expected \(expected), found \(found)"
        )
    }

    /// The number at `key`, or the default of the model's class.
    ///
    /// - Throws: ``ImageProcessingError`` for a number below 1.
    func positive(_ key: String, _ value: Int?, default standard: Int) throws(ImageProcessingError) -> Int {
        guard let value else { return standard }
        guard (1 ... 1 << 30).contains(value) else {
            throw error(key, expected: "a number from 1 on", found: value)
        }
        return value
    }

    /// The filter that images are scaled by.
    ///
    /// - Throws: ``ImageProcessingError`` for a filter that is not supported.
    func filter(default standard: ResamplingFilter) throws(ImageProcessingError) -> ResamplingFilter {
        guard let number = settings.filter else { return standard }
        guard let filter = ResamplingFilter(rawValue: number) else {
            throw error("resample", expected: "1 (Lanczos), 2 (bilinear) or 3 (bicubic)", found: number)
        }
        return filter
    }

    /// Requires that images are scaled, which a model's tokens depend on.
    ///
    /// - Throws: ``ImageProcessingError`` where `do_resize` is false.
    func requireResizing() throws(ImageProcessingError) {
        guard settings.resizes ?? true else { throw error("do_resize", expected: "true", found: false) }
    }
}
