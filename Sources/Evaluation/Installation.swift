public import Foundation

/// Files that are installed beside the program: simulators, models.
///
/// From the program, or another file, every folder on the way up is searched for the wanted folder and for
/// `share/faster/` with it, so checkout, build folder and installation all work.
public enum Installation {
    /// The running program.
    public static var program: URL { Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]) }

    /// The folder `path`, for example `Models/fastervq-universal`, nearest to the running program; nil where there is
    /// none.
    public static func folder(_ path: String) -> URL? {
        roots(above: program.resolvingSymlinksInPath(), holding: path).first?.appending(path: path)
    }

    /// Folders above `file` that hold `path`, the nearest first.
    static func roots(above file: URL, holding path: String) -> [URL] {
        var roots: [URL] = []
        var folder = file.deletingLastPathComponent()
        while true {
            roots += [folder, folder.appending(path: "share/faster")].filter {
                $0.appending(path: path).exists
            }
            let parent = folder.deletingLastPathComponent().standardizedFileURL
            guard parent.path.count < folder.path.count else { return roots }
            folder = parent
        }
    }
}

extension URL {
    var exists: Bool { FileManager.default.fileExists(atPath: path) }
}
