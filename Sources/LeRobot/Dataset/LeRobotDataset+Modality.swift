import Foundation

extension LeRobotDataset {
    /// Groups of a feature's columns that `meta/modality.json` names, in order; nil where it does not name every column once.
    ///
    /// Source: Isaac GR00T, `getting_started/data_preparation.md`.
    public func modalityGroups(of feature: String) -> [(name: String, columns: Range<Int>)]? {
        let file = folder.appending(path: "meta/modality.json")
        guard let dimension = info.features[feature]?.dimension,
            FileManager.default.fileExists(atPath: file.path),
            let json = try? JSONValue.reading(file),
            let members = json[feature.split(separator: ".").last.map(String.init) ?? feature]?.members
        else { return nil }
        var groups: [(name: String, columns: Range<Int>)] = []
        for (name, slice) in members {
            if let source = slice["original_key"]?.text, source != feature { continue }
            guard let start = slice["start"]?.integer, let end = slice["end"]?.integer, start < end else {
                return nil
            }
            groups.append((name, start ..< end))
        }
        groups.sort { $0.columns.lowerBound < $1.columns.lowerBound }
        var next = 0
        for group in groups {
            guard group.columns.lowerBound == next else { return nil }
            next = group.columns.upperBound
        }
        return next == dimension ? groups : nil
    }
}
