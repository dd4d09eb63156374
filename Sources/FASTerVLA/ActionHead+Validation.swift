public import Support

extension ActionHead.Configuration: Validatable {
    /// Checks that a head can be made of the numbers.
    public func validate() throws(InvalidValue) {
        switch self {
        case .blocks(let configuration): try Validation.require("blocks", configuration)
        case .flow(let configuration): try Validation.require("flow", configuration)
        case .regression(let configuration): try Validation.require("regression", configuration)
        }
    }
}

extension BlockHead.Configuration: Validatable {
    /// Checks that a head can be made of the numbers.
    public func validate() throws(InvalidValue) {
        try Validation.require(["committedSteps": committedSteps], in: 0 ... Validation.largestSize)
        try Validation.require("positionGaps", positionGaps)
        try Validation.require(
            [
                "schedule.codebookCount": schedule.codebookCount,
                "schedule.latentPositionCount": schedule.latentPositionCount,
                "schedule.blockSize": schedule.blockSize, "dimension": dimension,
            ],
            in: 1 ... Validation.largestSize
        )
        try Validation.require(["codewordWidth": codewordWidth ?? 1], in: 1 ... Validation.largestSize)
        // A vocabulary of FAST's may be larger than a layer.
        try Validation.require(["codebookSize": codebookSize], in: 1 ... 1 << 20)
        guard let earlyEnd else { return }
        try Validation.require("earlyEnd", earlyEnd)
        try Validation.require(
            schedule.codebookCount > 1 && !isVariableLength,
            "earlyEnd",
            "absent, as there is one codebook",
            found: "tolerance \(earlyEnd.tolerance)"
        )
        try Validation.require(
            schedule.isBlockPerCodebook,
            "schedule.blockSize",
            "\(schedule.latentPositionCount), a codebook, as chunks end early",
            found: schedule.blockSize
        )
    }
}

extension FlowHead.Configuration: Validatable {
    /// Checks that a head can be made of the numbers.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            ["horizon": horizon, "dimension": dimension, "steps": steps],
            in: 1 ... Validation.largestSize
        )
    }
}

extension RegressionHead.Configuration: Validatable {
    /// Checks that a head can be made of the numbers.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            ["horizon": horizon, "dimension": dimension],
            in: 1 ... Validation.largestSize
        )
    }
}
