extension EvaluationPlan {
    /// Episodes in all.
    var count: Int { tasks.count * episodes * (1 + perturbations.count) }

    /// The command line of the simulator's client.
    var arguments: [String] {
        var result = ["evaluate", "--tasks", tasks.joined(separator: ","), "--episodes", "\(episodes)"]
        result += [
            "--seed", "\(Self.firstSeed + seed)", "--execute", "\(execute)", "--delay", "\(delay)",
        ]
        if let maxSteps { result += ["--max-steps", "\(maxSteps)"] }
        if sendsPending { result.append("--pending") }
        switch mover {
        case .server(let host, let port): result += ["--host", host, "--port", "\(port)"]
        case .expert: result += ["--policy", "expert"]
        }
        if !perturbations.isEmpty { result += ["--perturbations", perturbations.joined(separator: ",")] }
        if let films {
            result += [
                "--video-dir", films.folder, "--videos", "\(films.count)", "--video-size", "\(films.size)",
            ]
        }
        return result
    }

    /// Makes sure that the numbers make sense.
    func check() throws(SimulatorError) {
        guard !tasks.isEmpty else { throw .badPlan("an evaluation needs at least one task") }
        guard episodes > 0 else {
            throw .badPlan("an evaluation needs at least one episode, got \(episodes)")
        }
        try Self.check(seed: seed, of: "an evaluation")
        guard execute > 0, (maxSteps ?? 1) > 0 else {
            throw .badPlan("an episode needs at least one step a chunk and in all")
        }
        for (index, name) in perturbations.enumerated() where perturbations[..<index].contains(name) {
            throw .badPlan("perturbation '\(name)' is named twice")
        }
        guard (0 ... execute).contains(delay) else {
            throw .badPlan(
                "a delay of \(delay) steps does not fit observations every \(execute): it must not be negative, nor may "
                    + "a second observation be made before the first is answered"
            )
        }
        if case .expert = mover, delay > 0 {
            throw .badPlan("an expert answers at once: a delay of \(delay) steps needs a policy")
        }
    }

    /// Makes sure that `seed` is one that a simulator can be given.
    static func check(seed: Int, of plan: String) throws(SimulatorError) {
        guard (0 ... largestSeed).contains(seed) else {
            throw .badPlan("the seed of \(plan) must be from 0 to \(largestSeed), got \(seed)")
        }
    }

    /// Makes sure that chunks of `horizon` steps last until the next chunk's answer is there.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)`` with the numbers. Without a delay every chunk will do.
    public func check(horizon: Int) throws(SimulatorError) {
        guard delay == 0 || delay + execute <= horizon else {
            throw .badPlan(
                "a delay of \(delay) steps and an observation every \(execute) need chunks of \(delay + execute) steps, "
                    + "and the policy's have \(horizon)"
            )
        }
    }
}

extension CollectionPlan {
    /// Episodes in all.
    var count: Int { tasks.count * episodes }

    /// The command line of the simulator's client.
    var arguments: [String] {
        [
            "collect", "--tasks", tasks.joined(separator: ","), "--episodes", "\(episodes)", "--seed",
            "\(seed)",
        ]
            + ["--host", host, "--port", "\(port)", "--noise", "\(noise)"]
            + (recordsImages ? [] : ["--no-images"])
    }

    /// Makes sure that the numbers make sense and leave the evaluation's scenes alone.
    func check() throws(SimulatorError) {
        guard !tasks.isEmpty else { throw .badPlan("a collection needs at least one task") }
        guard episodes > 0 else { throw .badPlan("a collection needs at least one episode, got \(episodes)") }
        guard noise >= 0 else { throw .badPlan("noise must not be negative, got \(noise)") }
        let most = EvaluationPlan.firstSeed
        let last = min(seed, most) + Self.scenesPerEpisode * min(episodes, most)
        guard seed >= 0, last <= most else {
            throw .badPlan(
                "seeds from \(EvaluationPlan.firstSeed) on belong to evaluations: "
                    + "a collection from seed \(seed) could use up to \(last)"
            )
        }
    }
}
