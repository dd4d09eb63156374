import Foundation

extension Feature {
    /// Reads a feature of `meta/info.json`.
    ///
    /// - Parameters:
    ///   - name: The feature's name.
    ///   - json: Its description.
    ///   - file: Path of the file.
    ///   - log: Receives warnings.
    /// - Throws: ``LeRobotError/wrongField(file:field:expected:found:)`` where type or shape cannot be read.
    init(_ name: String, _ json: JSONValue, file: String, log: WarningLog) throws(LeRobotError) {
        func wrong(_ field: String, _ expected: String, _ found: JSONValue?) -> LeRobotError {
            .wrongField(
                file: file,
                field: "features.\(name)" + (field.isEmpty ? "" : ".\(field)"),
                expected: expected,
                found: found?.summary ?? "nothing"
            )
        }
        guard json.members != nil else { throw wrong("", "an object with dtype and shape", json) }
        guard let dtype = json["dtype"]?.text else { throw wrong("dtype", "a type's name", json["dtype"]) }
        let video = VideoDescription(json, name: name)
        var sizes = json["shape"]?.elements?.map(\.integer) ?? json["shape"]?.integer.map { [$0] }
        if sizes?.isEmpty ?? true {
            sizes = dtype == "video" ? [video?.height ?? 0, video?.width ?? 0, video?.channels ?? 3] : [1]
        }
        guard let shape = sizes.map({ $0.compactMap(\.self) }), shape.count == sizes?.count,
            shape.allSatisfy({ $0 > 0 && $0 < 1 << 20 }), shape.reduce(1.0, { $0 * Double($1) }) < 1e9
        else { throw wrong("shape", "a list of positive sizes", json["shape"]) }
        self.init(dtype: Self.numericNames[dtype] ?? dtype, shape: shape, video: video)
        guard isNumeric, !isImage else {
            names = json["names"].flatMap(FeatureNames.texts)
            return
        }
        let names = FeatureNames(json["names"] ?? .null, shape: shape)
        self.names = names.columns
        if let warning = names.warning { log.add(file, "features.\(name).names", warning) }
    }

    /// Other spellings of numeric types.
    private static let numericNames = [
        "float": "float32", "double": "float64", "half": "float16", "int": "int64", "long": "int64",
        "boolean": "bool",
        "bool_": "bool",
    ]
}

extension VideoDescription {
    /// Reads `info`, or `video_info` as older files call it; nil if there is neither and no mark of a depth camera.
    init?(_ json: JSONValue, name: String) {
        let blocks = ["info", "video_info"].compactMap { json[$0] }.filter { $0.members != nil } + [json]
        func value(_ keys: String...) -> JSONValue? {
            for key in keys {
                for block in blocks {
                    for spelling in ["video.\(key)", key, "depth.\(key)"] {
                        if let found = block[spelling], found != .null { return found }
                    }
                }
            }
            return nil
        }
        self.init(
            height: value("height")?.integer,
            width: value("width")?.integer,
            codec: value("codec")?.text,
            pixelFormat: value("pix_fmt")?.text,
            fps: blocks.dropLast().isEmpty ? nil : value("fps")?.number,
            channels: value("channels")?.integer,
            hasAudio: value("has_audio")?.bool
        )
        let coding = ["depth_min", "depth_max", "depth_unit", "use_log"].contains { value($0) != nil }
        let format = pixelFormat ?? ""
        let isDeep = ["gray9", "gray10", "gray12", "gray14", "gray16", "yuv420p12", "y16"].contains {
            format.hasPrefix($0)
        }
        // A name alone is no mark: depth images are often stored in colours.
        let hasOneChannel =
            channels == 1
            || json["shape"]?.elements.map { $0.first?.integer == 1 || $0.last?.integer == 1 } == true
        let isNamedDepth = name.lowercased().contains("depth") && hasOneChannel
        isDepthMap = value("is_depth_map", "is_depth")?.bool ?? (coding || isDeep || isNamedDepth)
        if isDepthMap {
            var depth = DepthCoding()
            if let minimum = value("depth_min")?.number { depth.minimum = minimum }
            if let maximum = value("depth_max")?.number { depth.maximum = maximum }
            if let shift = value("shift", "depth_shift")?.number { depth.shift = shift }
            if let isLogarithmic = value("use_log")?.bool { depth.isLogarithmic = isLogarithmic }
            if value("depth_unit")?.text == "m" { depth.unit = 1 }
            self.depth = depth
        } else if blocks.count == 1 {
            return nil
        }
    }
}
