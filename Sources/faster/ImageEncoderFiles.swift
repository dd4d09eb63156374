import Evaluation
import Foundation
import Training

/// Files of image encoders outside of policies' folders.
enum ImageEncoderFiles {
    /// Pretrained weights that the set-up fetched; nil where there are none.
    static func weights(of encoder: ImageEncoderChoice) -> URL? {
        Installation.folder(".deps/models/\(encoder.rawValue)")?.appending(path: "model.safetensors")
    }

    /// Folder that keeps features of images: `faster/image-features` in the user's cache folder.
    static var features: URL {
        let home = FileManager.default.homeDirectoryForCurrentUser
        let caches = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (caches?.asFile ?? home.appending(path: ".cache")).appending(path: "faster/image-features")
    }
}
