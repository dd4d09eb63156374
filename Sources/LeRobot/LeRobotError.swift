/// A failure to read or write a dataset.
public enum LeRobotError: Error, Equatable, CustomStringConvertible {
    /// There is no folder at the path.
    case noSuchFolder(String)
    /// The folder holds no `meta/info.json`.
    case notADataset(String, hint: String?)
    /// The dataset has a version of the format that is not read.
    case unsupportedVersion(folder: String, found: String)
    /// A file that the format or the metadata promises is missing.
    case missingFile(String, needed: String)
    /// A file cannot be read.
    case unreadable(file: String, reason: String)
    /// A field of a file is absent or not what it has to be.
    case wrongField(file: String, field: String, expected: String, found: String)
    /// The dataset has no such feature, or not of this kind.
    case noSuchFeature(String, expected: String, available: [String])
    /// A feature is stored in a way that is not read.
    case unsupportedFeature(String, dtype: String)
    /// An index lies outside the dataset.
    case outOfRange(what: String, index: Int, count: Int)
    /// A video cannot be read at a frame.
    case video(file: String, at: String, reason: String)
    /// A value to be written does not fit the dataset.
    case invalidData(field: String, expected: String, found: String)
    /// A file or folder cannot be written.
    case unwritable(file: String, reason: String)

    /// The error with another way out, where it is about an absent or damaged file.
    func hinting(_ way: String) -> Self {
        switch self {
        case .missingFile(let file, let needed): .missingFile(file, needed: "\(needed), \(way)")
        case .unreadable(let file, let reason): .unreadable(file: file, reason: "\(reason), \(way)")
        default: self
        }
    }

    /// The error in a sentence.
    public var description: String {
        switch self {
        case .noSuchFolder(let path): "\(path): no such folder; expected a LeRobot dataset"
        case .notADataset(let path, let hint):
            "\(path): not a LeRobot dataset, it has no meta/info.json" + (hint.map { "; \($0)" } ?? "")
        case .unsupportedVersion(let folder, let found):
            "\(folder): meta/info.json: field 'codebase_version': expected v2.0, v2.1 or v3.0, found '\(found)'; convert "
                + "the dataset with LeRobot's own converters"
        case .missingFile(let file, let needed): "\(file): no such file, but \(needed)"
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .wrongField(let file, let field, let expected, let found):
            "\(file): field '\(field)': expected \(expected), found \(found)"
        case .noSuchFeature(let name, let expected, let available):
            "the dataset has no \(expected) '\(name)'; it has "
                + (available.isEmpty ? "none" : available.joined(separator: ", "))
        case .unsupportedFeature(let name, let dtype):
            "feature '\(name)' has dtype '\(dtype)', which is not supported"
        case .outOfRange(let what, let index, let count):
            "\(what) \(index) does not exist: the dataset has \(count), numbered from 0"
        case .video(let file, let at, let reason): "\(file): \(at): \(reason)"
        case .invalidData(let field, let expected, let found):
            "\(field): expected \(expected), found \(found)"
        case .unwritable(let file, let reason): "\(file): cannot be written: \(reason)"
        }
    }
}
