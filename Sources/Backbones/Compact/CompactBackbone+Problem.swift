extension CompactBackbone.Configuration {
    /// Sizes beyond which a number is taken for a mistake.
    private static let largest = 1 << 16

    /// What makes no network of the numbers, in words that name the key; nil where nothing does.
    public var problem: String? {
        let positive: KeyValuePairs = [
            "width": width, "layerCount": layerCount, "headCount": headCount, "stateBins": stateBins,
            "bytesPerToken": bytesPerToken,
        ]
        for (key, number) in positive where !(1 ... Self.largest).contains(number) {
            return "'\(key)' should be in 1 ... \(Self.largest), found \(number)"
        }
        if stateDimension < 0 { return "'stateDimension' should be at least 0, found \(stateDimension)" }
        // A head's channels are rotated in pairs.
        if width % (2 * headCount) != 0 {
            return
                "'width' should be a multiple of \(2 * headCount), as 'headCount' is \(headCount), found \(width)"
        }
        if bytesPerToken > width {
            return "'bytesPerToken' should be at most 'width', \(width), found \(bytesPerToken)"
        }
        if longestInstruction < bytesPerToken {
            return
                "'longestInstruction' should be at least 'bytesPerToken', \(bytesPerToken), found \(longestInstruction)"
        }
        return problemOfCameras
    }

    private var problemOfCameras: String? {
        if cameras.isEmpty { return "'cameras' should hold at least one" }
        for (index, camera) in cameras.enumerated() {
            if let problem = camera.problem { return "'cameras[\(index)]': \(problem)" }
        }
        guard let dimension = environmentStateDimension else { return nil }
        if dimension < 1 { return "'environmentStateDimension' should be at least 1, found \(dimension)" }
        return cameras.contains { $0.keypoints > 0 }
            ? nil
            : "'environmentStateDimension' is \(dimension), but no camera has keypoints above 0, which it is read off"
    }
}

extension CompactBackbone.Configuration.Camera {
    /// What makes no tokens of the numbers, in words that name the key; nil where nothing does.
    var problem: String? {
        guard Self.sizesOfTokens.contains(pixelsPerToken) else {
            return "'pixelsPerToken' should be 4, 8, 16 or 32, found \(pixelsPerToken)"
        }
        for (key, pixels) in [("height", height), ("width", width)]
        where pixels < 1 || pixels % pixelsPerToken != 0 {
            return "'\(key)' should be a multiple of 'pixelsPerToken', \(pixelsPerToken), found \(pixels)"
        }
        return keypoints < 0 ? "'keypoints' should be at least 0, found \(keypoints)" : nil
    }
}
