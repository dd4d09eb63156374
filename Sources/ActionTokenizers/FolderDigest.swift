internal import Crypto
public import Foundation

/// Digests of folders.
public enum FolderDigest {
    /// The SHA-256 of what `sha256sum` prints for `names`, in this order.
    ///
    /// - Parameters:
    ///   - names: Paths of files below `folder`.
    ///   - folder: The folder.
    /// - Returns: `sha256:` and 64 hexadecimal digits.
    /// - Throws: ``ActionTokenizerError`` that names a file which cannot be read.
    public static func sha256(of names: [String], in folder: URL) throws(ActionTokenizerError) -> String {
        var lines = ""
        for name in names {
            let file = folder.appending(path: name)
            guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else {
                throw ActionTokenizerError("\(file.path): cannot be read")
            }
            lines += "\(hexadecimal(data))  \(name)\n"
        }
        return "sha256:" + hexadecimal(Data(lines.utf8))
    }

    private static func hexadecimal(_ data: Data) -> String {
        SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
    }
}
