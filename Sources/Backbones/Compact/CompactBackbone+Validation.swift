public import Support

extension CompactBackbone.Configuration: Validatable {
    /// Checks that a network can be made of the numbers.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            [
                "width": width, "layerCount": layerCount, "headCount": headCount, "stateBins": stateBins,
                "bytesPerToken": bytesPerToken,
            ],
            in: 1 ... Validation.largestSize
        )
        try Validation.require(["stateDimension": stateDimension], in: 0 ... Validation.largestSize)
        // A head's channels are rotated in pairs.
        try Validation.require(
            ["width": width],
            multipleOf: 2 * headCount,
            as: "'headCount' is \(headCount)"
        )
        try Validation.require(
            bytesPerToken <= width,
            "bytesPerToken",
            "at most 'width', \(width)",
            found: bytesPerToken
        )
        try Validation.require(
            longestInstruction >= bytesPerToken,
            "longestInstruction",
            "at least 'bytesPerToken', \(bytesPerToken)",
            found: longestInstruction
        )
        try Validation.require(["longestInstruction": longestInstruction], in: 1 ... Validation.largestSize)
        try Validation.require(!cameras.isEmpty, "cameras", "a list of at least one camera", found: "[]")
        for (index, camera) in cameras.enumerated() {
            try Validation.require("cameras[\(index)]", camera)
            try Validation.require(
                camera.pixelsPerToken > 0 || summarizesImages == true,
                "cameras[\(index)].pixelsPerToken",
                "4, 8, 16 or 32, as images are not summarized",
                found: camera.pixelsPerToken
            )
        }
        if let imageEncoder { try validate(imageEncoder) }
        guard let dimension = objectPoseDimension else { return }
        try Validation.require(["objectPoseDimension": dimension], in: 1 ... Validation.largestSize)
        try Validation.require(
            (summarizesImages == true || cameras.contains { $0.keypoints > 0 }) && isBlind != true,
            "objectPoseDimension",
            "left out, as there are neither keypoints nor a summary of the images, which poses are estimated from",
            found: dimension
        )
    }

    private func validate(_ imageEncoder: ImageEncoder.Configuration) throws(InvalidValue) {
        try Validation.require("imageEncoder", imageEncoder)
        let smallest = 2 * imageEncoder.pixelsPerCell
        for (index, camera) in cameras.enumerated() {
            try Validation.require(
                ["cameras[\(index)].height": camera.height, "cameras[\(index)].width": camera.width],
                multipleOf: imageEncoder.pixelsPerCell,
                as: "the image encoder has a cell for so many pixels"
            )
            try Validation.require(
                camera.pixelsPerToken == 0 || camera.pixelsPerToken >= smallest,
                "cameras[\(index)].pixelsPerToken",
                "at least \(smallest), 2 x 2 cells of the image encoder's map",
                found: camera.pixelsPerToken
            )
        }
    }
}

extension CompactBackbone.Configuration.Camera: Validatable {
    /// Checks that tokens can be made of the numbers.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            pixelsPerToken == 0 || Self.sizesOfTokens.contains(pixelsPerToken),
            "pixelsPerToken",
            "4, 8, 16 or 32",
            found: pixelsPerToken
        )
        try Validation.require(
            ["height": height, "width": width],
            multipleOf: max(1, pixelsPerToken),
            as: "'pixelsPerToken' is \(pixelsPerToken)"
        )
        try Validation.require(["height": height, "width": width], in: 1 ... Validation.largestSize)
        try Validation.require(["keypoints": keypoints], in: 0 ... Validation.largestSize)
    }
}
