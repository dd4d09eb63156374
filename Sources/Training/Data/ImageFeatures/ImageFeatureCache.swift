internal import Backbones
internal import Crypto
internal import Foundation
internal import NN
internal import Safetensors
internal import Support
internal import Torch

/// Features of images by one frozen encoder in a folder, a file an episode and camera.
///
/// A file's name is a digest of the images and of everything that their features depend on, so what was computed is found again
/// by any training, and other images or weights have other files.
struct ImageFeatureCache: Sendable {
    /// Name of the features in their file.
    private static let name = "features"

    /// Layout of the files, and the rule by which images become features.
    private static let version = 1

    /// The encoder.
    let encoder: ImageEncoder

    /// Device of the encoder.
    let device: Device

    /// The folder of the encoder's features.
    private let folder: URL

    /// Digest of the encoder's settings and weights.
    let encoderDigest: String

    /// The files of `encoder` below `folder`.
    init(of encoder: ImageEncoder, below folder: URL, device: Device) throws {
        (self.encoder, self.device) = (encoder, device)
        let settings = JSONEncoder()
        settings.outputFormatting = [.sortedKeys]
        var digest = SHA256()
        digest.update(data: Data("version \(Self.version)".utf8))
        digest.update(data: try settings.encode(encoder.configuration))
        for named in encoder.tensors {
            digest.update(data: Data(named.name.utf8))
            digest.update(data: named.tensor.bytes)
        }
        encoderDigest = Self.text(digest.finalize())
        self.folder = folder.appending(path: encoderDigest)
    }

    /// The file of the features of an episode's images.
    ///
    /// - Parameters:
    ///   - pixels: The images, `[frames, height, width, 3]`.
    ///   - height: Rows of an image.
    ///   - width: Columns of an image.
    /// - Returns: Its path.
    func file(of pixels: [UInt8], height: Int, width: Int) -> URL {
        var digest = SHA256()
        digest.update(data: Data("\(height) x \(width) ".utf8))
        pixels.withUnsafeBytes { digest.update(bufferPointer: $0) }
        return folder.appending(path: Self.text(digest.finalize()) + ".safetensors")
    }

    /// The features in `file`, if it holds such ones of `shape`; nil else.
    func features(in file: URL, shape: [Int]) -> Features? {
        guard let opened = try? SafetensorsFile(reading: file), let entry = opened.entries[Self.name],
            entry.dtype == DType.float16.safetensorsName, entry.shape == shape
        else { return nil }
        return Features(file: opened)
    }

    /// Writes features, `[frames, rows, columns, channels]` in half precision, durably.
    func write(_ features: Tensor, to file: URL) throws {
        try Checkpoint.save([NamedTensor(name: Self.name, tensor: features)], to: file)
    }

    /// Features of an episode, mapped into memory.
    struct Features: Sendable {
        fileprivate let file: SafetensorsFile

        /// Copies the features of one frame into `target`, exactly.
        func copy(frame: Int, into target: UnsafeMutableRawBufferPointer) throws {
            try file.withBytes(of: ImageFeatureCache.name) { bytes in
                let start = frame * target.count
                target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[start ..< start + target.count])
                )
            }
        }
    }

    /// The first 32 hexadecimal digits.
    private static func text(_ digest: SHA256.Digest) -> String {
        digest.prefix(16).map { String(format: "%02x", $0) }.joined()
    }
}
