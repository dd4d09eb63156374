internal import Backbones
internal import FASTerVLA

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
                "expert.width": expert.width, "headCount": headCount, "width": width,
            ]
        )
        try RecipeNumbers.notNegative([
            "augmentation.brightness": augmentation.brightness,
            "augmentation.contrast": augmentation.contrast,
        ])
        // A head's channels are rotated in pairs.
        try RecipeNumbers.require(
            width % (2 * headCount) == 0,
            "'width' should be a multiple of \(2 * headCount), as 'headCount' is \(headCount), found \(width)"
        )
        for (key, pixels) in [
            ("pixelsPerToken", pixelsPerToken),
            ("pixelsPerTokenOfOtherCameras", pixelsPerTokenOfOtherCameras),
        ] {
            try RecipeNumbers.require(
                CompactBackbone.Configuration.Camera.sizesOfTokens.contains(pixels),
                "'\(key)' should be 4, 8, 16 or 32, found \(pixels)"
            )
        }
        try checkHead()
        try checkLoss()
        try checkFurtherTasks()
    }

    private func checkHead() throws(RecipeError) {
        let kind = try PolicyHead(checked: head)
        for (key, isAsked) in [("looksAgain", looksAgain), ("pendingSteps", pendingSteps > 0)] {
            try RecipeNumbers.require(
                kind.predictsCodes || !isAsked,
                "'\(key)' is for heads that predict codes, and 'head' is '\(head)': leave it out, or choose another head"
            )
        }
        try RecipeNumbers.require(
            !looksAgain || (kind == .blocks || kind == .blocksWithoutExpert) && blockSize != 1,
            "'looksAgain' is for blocks of several codes, and 'head' is '\(head)' with 'blockSize' \(blockSize)"
        )
        try RecipeNumbers.require(
            kind != .flow || expert.width % 2 == 0,
            "'expert.width' should be even with the head 'flow', found \(expert.width)"
        )
        if let problem = spacing.problem {
            throw RecipeError(source: "recipe", reason: "'spacing': \(problem)")
        }
        if let problem = sampling.problem {
            throw RecipeError(source: "recipe", reason: "'sampling': \(problem)")
        }
    }

    private func checkLoss() throws(RecipeError) {
        try RecipeNumbers.steps(gradientClip: gradientClip, precision: precision)
        for (key, share) in [("averageDecay", averageDecay), ("labelSmoothing", labelSmoothing)] {
            try RecipeNumbers.require(
                0 ..< 1 ~= share,
                "'\(key)' should be at least 0 and below 1, found \(share)"
            )
        }
        try RecipeNumbers.require(
            codebookWeights.allSatisfy { $0 >= 0 && $0.isFinite } && codebookWeights.first != 0,
            "'codebookWeights' should be numbers from 0 on, the first above 0, found \(codebookWeights)"
        )
    }

    private func checkFurtherTasks() throws(RecipeError) {
        let (chunks, weight) = (foresight.chunks, foresight.weight)
        try RecipeNumbers.require(
            chunks.allSatisfy { $0 > 0 } && weight >= 0 && weight.isFinite,
            "'foresight' should have chunks from 1 on and a weight from 0 on, found \(chunks) and \(weight)"
        )
        try RecipeNumbers.notNegative([
            "environmentState.weight": environmentState.weight,
            "environmentState.places": environmentState.places,
        ])
        try RecipeNumbers.require(
            environmentState.weight == 0 || keypoints > 0,
            "'keypoints' should be above 0 where 'environmentState.weight' is: it is read off them"
        )
    }
}
