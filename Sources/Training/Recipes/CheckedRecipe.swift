internal import FASTerVLA
internal import FASTerVQ
internal import LearnedBaselines
internal import Quantizers

/// A recipe that knows which numbers make no training.
public protocol CheckedRecipe: Codable {
    /// Makes sure that a training with these numbers can begin.
    ///
    /// - Throws: ``RecipeError`` that names the key, what was expected and what was found.
    func check() throws(RecipeError)
}

extension TokenizerRecipe: CheckedRecipe {
    /// Makes sure that a training with these numbers can begin.
    ///
    /// - Throws: ``RecipeError`` that names the key.
    public func check() throws(RecipeError) {
        try RecipeNumbers.atLeast(
            0,
            [
                "steps": steps, "warmUpSteps": warmUpSteps, "quantizeAfter": quantizeAfter,
                "refinement.codebookCount": refinement.codebookCount,
                "autoencoder.encoderLayers": autoencoder.encoderLayers,
                "autoencoder.decoderLayers": autoencoder.decoderLayers,
            ]
        )
        try RecipeNumbers.atLeast(
            1,
            [
                "batchSize": batchSize, "horizon": horizon, "initialChunks": initialChunks,
                "checkpointEvery": checkpointEvery, "robotsPerStep": robotsPerStep,
                "autoencoder.stepWidth": autoencoder.stepWidth,
                "autoencoder.latentWidth": autoencoder.latentWidth,
                "quantizer.codebookCount": quantizer.codebookCount,
                "quantizer.codebookSize": quantizer.codebookSize,
                "quantizer.kMeansRounds": quantizer.kMeansRounds,
                "refinement.chunks": refinement.chunks, "refinement.kMeansRounds": refinement.kMeansRounds,
            ]
        )
        try RecipeNumbers.heads(autoencoder.headCount, of: autoencoder.width, group: "autoencoder.")
        if let horizon = moreHorizons.first(where: { $0 < 1 }) {
            throw RecipeError(
                source: "recipe",
                reason: "'moreHorizons' should be numbers of control steps, at least 1, found \(horizon)"
            )
        }
        guard 0 ... 1 ~= refinement.genericShare else {
            throw RecipeError(
                source: "recipe",
                reason: "'refinement.genericShare' should be from 0 to 1, found \(refinement.genericShare)"
            )
        }
        guard autoencoder.kernel > 0, autoencoder.kernel % 2 == 1 else {
            throw RecipeError(
                source: "recipe",
                reason: "'autoencoder.kernel' should be odd, found \(autoencoder.kernel)"
            )
        }
        guard TokenizerKind(rawValue: kind) != nil else {
            let known = TokenizerKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(source: "recipe", reason: "'kind' should be one of \(known), found '\(kind)'")
        }
        for (group, problem) in [("vqBeT", vqBeT.problem), ("vqVLA", vqVLA.problem), ("oat", oat.problem)] {
            if let problem { throw RecipeError(source: "recipe", reason: "'\(group)': \(problem)") }
        }
    }
}

extension PolicyRecipe: CheckedRecipe {
    /// Makes sure that a training with these numbers can begin.
    ///
    /// - Throws: ``RecipeError`` that names the key.
    public func check() throws(RecipeError) {
        try RecipeNumbers.atLeast(
            0,
            [
                "steps": steps, "warmUpSteps": warmUpSteps, "blockSize": blockSize,
                "augmentation.shift": augmentation.shift, "augmentation.state": augmentation.state,
                "pendingSteps": pendingSteps,
                "keypoints": keypoints, "pictureSize": pictureSize,
            ]
        )
        try RecipeNumbers.atLeast(
            1,
            [
                "batchSize": batchSize, "checkpointEvery": checkpointEvery, "layerCount": layerCount,
                "codebooks": codebooks, "flowSteps": flowSteps, "validateEvery": validateEvery,
                "validationExamples": validationExamples,
                "expert.width": expert.width,
            ]
        )
        try RecipeNumbers.heads(headCount, of: width, evenly: 2)
        for (key, pixels) in [
            ("pixelsPerToken", pixelsPerToken),
            ("pixelsPerTokenOfOtherCameras", pixelsPerTokenOfOtherCameras),
        ] where ![4, 8, 16, 32].contains(pixels) {
            throw RecipeError(source: "recipe", reason: "'\(key)' should be 4, 8, 16 or 32, found \(pixels)")
        }
        _ = try PolicyHead(checked: head)
        guard 0 ..< 1 ~= averageDecay else {
            throw RecipeError(
                source: "recipe",
                reason: "'averageDecay' should be at least 0 and below 1, found \(averageDecay)"
            )
        }
        guard codebookWeights.allSatisfy({ $0 >= 0 && $0.isFinite }), codebookWeights.first != 0 else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'codebookWeights' should be numbers from 0 on, the first above 0, found \(codebookWeights)"
            )
        }
        guard foresight.chunks.allSatisfy({ $0 > 0 }), foresight.weight >= 0, foresight.weight.isFinite else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'foresight' should have chunks from 1 on and a weight from 0 on, found \(foresight.chunks) and "
                    + "\(foresight.weight)"
            )
        }
        for (key, number) in [("weight", environmentState.weight), ("places", environmentState.places)]
        where number < 0 || !number.isFinite {
            throw RecipeError(
                source: "recipe",
                reason: "'environmentState.\(key)' should be from 0 on, found \(number)"
            )
        }
        guard environmentState.weight == 0 || keypoints > 0 else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'keypoints' should be above 0 where 'environmentState.weight' is: it is read off them"
            )
        }
        if let problem = sampling.problem {
            throw RecipeError(source: "recipe", reason: "'sampling': \(problem)")
        }
    }
}

/// Rules that numbers of recipes have in common.
private enum RecipeNumbers {
    static func atLeast(_ smallest: Int, _ numbers: KeyValuePairs<String, Int>) throws(RecipeError) {
        for (key, number) in numbers where number < smallest {
            throw RecipeError(
                source: "recipe",
                reason: "'\(key)' should be at least \(smallest), found \(number)"
            )
        }
    }

    /// Channels are shared out among heads, each of a multiple of `evenly`.
    static func heads(_ count: Int, of width: Int, evenly: Int = 1, group: String = "") throws(RecipeError) {
        try atLeast(1, ["\(group)headCount": count, "\(group)width": width])
        guard width % (evenly * count) == 0 else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'\(group)width' should be a multiple of \(evenly * count), as '\(group)headCount' is "
                    + "\(count), found \(width)"
            )
        }
    }
}
