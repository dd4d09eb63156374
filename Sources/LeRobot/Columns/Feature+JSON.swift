import Foundation

extension Feature {
    /// Reads a feature of `meta/info.json`.
    ///
    /// - Parameters:
    ///   - name: The feature's name.
    ///   - json: Its description.
    ///   - file: Path of the file.
    ///   - log: Receives warnings.
    /// - Throws: ``LeRobotError/wrongField(file:field:expected:found:)`` where there is no type. A shape that cannot be read is
    ///   one of the warnings: rows and images have their own.
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
        guard let spelling = json["dtype"].flatMap(FeatureNames.texts), spelling.count == 1 else {
            throw wrong("dtype", "a type's name", json["dtype"])
        }
        let dtype = Self.dtype(spelling[0])
        let video = VideoDescription(json, name: name)
        let sizes = json["shape"]?.elements?.map(\.integer) ?? json["shape"]?.integer.map { [$0] }
        var shape = sizes?.compactMap(\.self) ?? []
        if shape.isEmpty || shape.count != sizes?.count || !shape.allSatisfy({ (1 ..< 1 << 20).contains($0) })
            || shape.reduce(1.0, { $0 * Double($1) }) >= 1e9
        {
            let isCamera = dtype == "video" || dtype == "image"
            shape = isCamera ? [video?.height ?? 0, video?.width ?? 0, video?.channels ?? 3] : [1]
            if let given = json["shape"], given != .null, given.elements?.isEmpty != true {
                log.add(
                    file,
                    "features.\(name).shape",
                    "expected a list of positive sizes, found \(given.summary); that of the \(isCamera ? "images" : "rows") "
                        + "is taken"
                )
            }
        }
        self.init(dtype: dtype, shape: shape, video: video)
        isNamedImage =
            shape.count == 3 && [3, 4].contains(channels.count)
            && ["image", "rgb", "camera"].contains { name.lowercased().contains($0) }
        guard isNumeric, !isImage else {
            names = json["names"].flatMap(FeatureNames.texts)
            return
        }
        let names = FeatureNames(json["names"] ?? .null, shape: shape)
        self.names = names.columns
        if let warning = names.warning { log.add(file, "features.\(name).names", warning) }
    }

    /// LeRobot's name of a type that is spelled as numpy, torch or C do.
    private static func dtype(_ spelling: String) -> String {
        var name = spelling.lowercased()
        for prefix in ["torch.", "numpy.", "np.", "<", ">", "=", "|"] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        if let known = numericNames[name] { return known }
        return numericTypes.contains(name) ? name : spelling
    }

    /// Other spellings of numeric types.
    private static let numericNames = [
        "f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i2": "int16", "i4": "int32",
        "i8": "int64",
        "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "b1": "bool",
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
            channels == 1 || json["shape"]?.elements?.count == 2
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
