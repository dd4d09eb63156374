/// Why a dataset could not be read or written.
public enum LeRobotError: Error, Equatable, CustomStringConvertible {
    /// There is no folder at the path.
    case noSuchFolder(String)
    /// The folder holds no `meta/info.json`.
    case notADataset(String)
    /// The dataset has another version of the format than 3.0.
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
    /// What is to be written does not fit the dataset.
    case invalidData(field: String, expected: String, found: String)
    /// A file or folder cannot be written.
    case unwritable(file: String, reason: String)

    /// The error in a sentence.
    public var description: String {
        switch self {
        case .noSuchFolder(let path): "\(path): no such folder; expected a LeRobot dataset"
        case .notADataset(let path): "\(path): not a LeRobot dataset, it has no meta/info.json"
        case .unsupportedVersion(let folder, let found):
            "\(folder): the dataset has format \(found), expected v3.0"
                + (found.hasPrefix("v2")
                    ? "; convert it with `python -m lerobot.datasets.v30.convert_dataset_v21_to_v30 "
                        + "--repo-id=...` (newer versions: lerobot.scripts.convert_dataset_v21_to_v30)" : "")
        case .missingFile(let file, let needed): "\(file): no such file, but \(needed)"
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .wrongField(let file, let field, let expected, let found):
            "\(file): field '\(field)': expected \(expected), found \(found)"
        case .noSuchFeature(let name, let expected, let available):
            "the dataset has no \(expected) '\(name)'; it has "
                + (available.isEmpty ? "none" : available.joined(separator: ", "))
        case .unsupportedFeature(let name, let dtype):
            "feature '\(name)' has dtype '\(dtype)', which is not supported"
                + (dtype == "image"
                    ? "; convert the images to videos, for example with `lerobot-edit-dataset`" : "")
        case .outOfRange(let what, let index, let count):
            "\(what) \(index) does not exist: the dataset has \(count), numbered from 0"
        case .video(let file, let at, let reason): "\(file): \(at): \(reason)"
        case .invalidData(let field, let expected, let found):
            "\(field): expected \(expected), found \(found)"
        case .unwritable(let file, let reason): "\(file): cannot be written: \(reason)"
        }
    }
}
