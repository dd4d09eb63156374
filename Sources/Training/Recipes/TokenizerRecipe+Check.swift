internal import FASTerVQ
internal import LearnedBaselines
internal import RobotTypes

extension TokenizerRecipe: CheckedRecipe {
    /// Makes sure that a training with these numbers can begin.
    ///
    /// - Throws: ``RecipeError`` that names the key.
    public func check() throws(RecipeError) {
        try RecipeNumbers.atLeast(
            0,
            [
                "steps": steps, "warmUpSteps": warmUpSteps, "quantizeAfter": quantizeAfter,
            ]
        )
        try RecipeNumbers.atLeast(
            1,
            [
                "batchSize": batchSize, "horizon": horizon, "initialChunks": initialChunks,
                "checkpointEvery": checkpointEvery, "robotsPerStep": robotsPerStep,
            ]
        )
        var network = FASTerVQConfiguration(patches: [:])
        (network.autoencoder, network.quantizer, network.refinement) = (autoencoder, quantizer, refinement)
        if let problem = network.problem { throw RecipeError(source: "recipe", reason: problem) }
        try RecipeNumbers.steps(gradientClip: gradientClip, precision: precision)
        try checkTokenizer()
    }

    private func checkTokenizer() throws(RecipeError) {
        if let horizon = moreHorizons.first(where: { $0 < 1 }) {
            throw RecipeError(
                source: "recipe",
                reason: "'moreHorizons' should be numbers of control steps, at least 1, found \(horizon)"
            )
        }
        for (name, count) in places.sorted(by: { $0.key < $1.key }) {
            let kinds = ActionSpace.Kind.allCases.map(\.rawValue)
            try RecipeNumbers.require(
                kinds.contains(name),
                "'places' should be by kinds of groups, \(kinds.joined(separator: ", ")), found '\(name)'"
            )
            try RecipeNumbers.require(count >= 1, "'places.\(name)' should be at least 1, found \(count)")
        }
        _ = try TokenizerKind(checked: kind)
        for (group, problem) in [("vqBeT", vqBeT.problem), ("vqVLA", vqVLA.problem), ("oat", oat.problem)] {
            if let problem { throw RecipeError(source: "recipe", reason: "'\(group)': \(problem)") }
        }
    }
}
