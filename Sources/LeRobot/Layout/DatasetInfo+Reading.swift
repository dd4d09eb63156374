import Foundation

extension DatasetInfo {
    /// Reads the file of a dataset's folder; only what every reader needs must be there.
    init(readingFrom folder: URL, log: WarningLog) throws(LeRobotError) {
        let file = folder.appending(path: "meta/info.json")
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else { throw .noSuchFolder(folder.path) }
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw .notADataset(folder.path, hint: Self.hint(for: folder))
        }
        let json = try JSONValue.reading(file)
        let version = try Self.version(json["codebase_version"], folder: folder, file: file.path, log: log)
        let layout = DatasetLayout(version: version) ?? .sharedFiles
        guard let members = json["features"]?.members else {
            throw .wrongField(
                file: file.path,
                field: "features",
                expected: "an object that describes every column and camera",
                found: json["features"]?.summary ?? "nothing"
            )
        }
        var features: [String: Feature] = [:]
        for (name, description) in members {
            do throws(LeRobotError) {
                features[name] = try Feature(name, description, file: file.path, log: log)
            } catch { log.add(file.path, "features.\(name)", "is passed over: \(error)") }
        }
        let splits = json["splits"]?.members?.compactMap { member in
            member.value.text.map { (member.key, $0) }
        }
        self.init(
            codebaseVersion: version,
            robotType: json["robot_type"]?.text,
            totalEpisodes: json["total_episodes"]?.integer,
            totalFrames: json["total_frames"]?.integer,
            totalTasks: json["total_tasks"]?.integer,
            chunksSize: max(1, json["chunks_size"]?.integer ?? Self.usualChunksSize),
            dataFilesSizeInMB: json["data_files_size_in_mb"]?.integer ?? 100,
            videoFilesSizeInMB: json["video_files_size_in_mb"]?.integer ?? 200,
            fps: try Self.rate(json["fps"], of: features, file: file.path, log: log),
            splits: splits.map { Dictionary($0) { $1 } },
            dataPath: json["data_path"]?.text ?? layout.dataPath,
            videoPath: json["video_path"]?.text ?? layout.videoPath,
            features: features
        )
    }

    private static func rate(
        _ json: JSONValue?,
        of features: [String: Feature],
        file: String,
        log: WarningLog
    ) throws(LeRobotError) -> Double {
        func isRate(_ fps: Double) -> Bool { fps >= lowestRate && fps < 1e6 }
        guard let fps = json?.number ?? json?.elements?.first?.number, isRate(fps) else {
            if json == nil || json == .null,
                let camera = features.values.compactMap({ $0.video?.fps }).filter(isRate).max()
            {
                log.add(
                    file,
                    "fps",
                    "is absent; the cameras' \(camera) is taken"
                )
                return camera
            }
            throw .wrongField(
                file: file,
                field: "fps",
                expected: "a number of frames a second from 1e-6 to 1e6",
                found: json?.summary ?? "nothing"
            )
        }
        return fps
    }

    /// The version of the format, checked against the files.
    private static func version(
        _ json: JSONValue?,
        folder: URL,
        file: String,
        log: WarningLog
    ) throws(LeRobotError) -> String {
        let seen = DatasetLayout(lookingAt: folder)
        guard let text = json?.text ?? json?.number.map({ "\($0)" }) else {
            guard let seen else {
                throw .wrongField(
                    file: file,
                    field: "codebase_version",
                    expected: "'v3.0', 'v2.1' or 'v2.0'",
                    found: json?.summary ?? "nothing"
                )
            }
            let version = seen == .filePerEpisode ? "v2.1" : "v3.0"
            log.add(file, "codebase_version", "is absent; the files are those of \(version)")
            return version
        }
        guard let layout = DatasetLayout(version: text) else {
            throw .unsupportedVersion(folder: folder.path, found: text)
        }
        if let seen, seen != layout {
            throw .wrongField(
                file: file,
                field: "codebase_version",
                expected: "the version of the files present, \(seen.description)",
                found:
                    "'\(text)'; set the field to '\(seen == .filePerEpisode ? "v2.1" : "v3.0")', or convert the "
                    + "files to the version that it names with LeRobot's converter"
            )
        }
        let known = ["v2.0", "v2.1", "v3.0"]
        guard !known.contains(text) else { return text }
        let version = "v" + text.drop { $0 == "v" || $0 == "V" }
        log.add(
            file,
            "codebase_version",
            known.contains(version)
                ? "'\(text)' is read as '\(version)'"
                : "version \(version) is newer than what is known here; it is read as \(layout.description)"
        )
        return version
    }

    /// Hint at the folder or conversion that is needed, if `meta/info.json` is absent.
    private static func hint(for folder: URL) -> String? {
        let manager = FileManager.default
        func has(_ path: String) -> Bool { manager.fileExists(atPath: folder.appending(path: path).path) }
        if has("info.json") { return "it looks like the folder 'meta' of one: name the folder above" }
        func names(in folder: URL) -> [String] {
            ((try? manager.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        }
        let snapshots = folder.appending(path: "snapshots")
        if let newest = names(in: snapshots).last(where: { has("snapshots/\($0)/meta/info.json") }) {
            return "it is the Hub's cache of one: name the folder 'snapshots/\(newest)' in it"
        }
        let names = names(in: folder)
        if names.contains("features.json") || names.contains(where: { $0.contains(".tfrecord") }) {
            return "it looks like RLDS of TensorFlow; convert it to LeRobot's format first"
        }
        if let inner = names.first(where: { has("\($0)/meta/info.json") }) {
            return "its folder '\(inner)' is one"
        }
        if has("dataset_info.json") || has("data") && has("meta_data") {
            return "it looks like LeRobot 1.x; convert it with LeRobot's own converters"
        }
        return nil
    }
}
