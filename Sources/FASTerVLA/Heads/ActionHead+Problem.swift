extension ActionHead.Configuration {
    /// What makes no head of the numbers, in words that name the key; nil where nothing does.
    var problem: String? {
        switch self {
        case .codes(let configuration): configuration.problem.map { "'head.codes': \($0)" }
        case .flow(let configuration): configuration.problem.map { "'head.flow': \($0)" }
        case .regression(let configuration): configuration.problem.map { "'head.regression': \($0)" }
        }
    }
}

extension CodeHead.Configuration {
    fileprivate var problem: String? {
        if pendingSteps < 0 { return "'pendingSteps' should be at least 0, found \(pendingSteps)" }
        if let problem = spacing.problem { return "'spacing': \(problem)" }
        return sizesProblem([
            "schedule.codebookCount": schedule.codebookCount, "schedule.placeCount": schedule.placeCount,
            "schedule.blockSize": schedule.blockSize, "codebookSize": codebookSize, "dimension": dimension,
        ])
    }
}

extension FlowHead.Configuration {
    fileprivate var problem: String? {
        sizesProblem(["horizon": horizon, "dimension": dimension, "steps": steps])
    }
}

extension RegressionHead.Configuration {
    fileprivate var problem: String? { sizesProblem(["horizon": horizon, "dimension": dimension]) }
}

/// The first of `numbers` that is no size.
private func sizesProblem(_ numbers: KeyValuePairs<String, Int>) -> String? {
    numbers.first { $0.value < 1 }.map { "'\($0.key)' should be at least 1, found \($0.value)" }
}
