internal import ActionTokenizers
internal import FASTerVQ
internal import Foundation
internal import RobotTypes

/// Checks that a policy's folder describes a network, and that its parts speak of one robot and one alphabet.
struct PolicyCheck {
    let folder: URL
    let configuration: PolicyConfiguration

    /// - Throws: ``PolicyBundleError`` that names the file, what was expected and what was found.
    func check(_ coding: ActionCoding, actions: Normalization, state: Normalization) throws {
        if let problem = configuration.problem {
            throw PolicyBundleError(
                file: folder.appending(path: PolicyBundle.configurationFile).path,
                reason: problem
            )
        }
        let contract = configuration.contract
        let seen = configuration.backbone.seen
        try require(
            seen.pictures == contract.cameras.map { [$0.height, $0.width] }
                && seen.stateDimension == contract.stateDimension,
            PolicyBundle.configurationFile,
            "the backbone sees pictures \(seen.pictures) and \(seen.stateDimension) state values, which are not "
                + "those of the contract"
        )
        try require(
            configuration.expert != nil || configuration.backbone.supportsDecoding,
            PolicyBundle.configurationFile,
            "expert: is missing, and the backbone cannot answer itself"
        )
        try require(
            actions.statistics.dimension == contract.actionSpace.dimension,
            NormalizationSet.fileName,
            "'actions' has \(actions.statistics.dimension) columns, the policy expects \(contract.actionSpace.dimension)"
        )
        try require(
            state.statistics.dimension == contract.stateDimension,
            NormalizationSet.fileName,
            "'state' has \(state.statistics.dimension) columns, the policy expects \(contract.stateDimension)"
        )
        switch configuration.head {
        case .codes(let head): try check(head, coding, actions)
        case .flow(let head): try check(horizon: head.horizon, dimension: head.dimension)
        case .regression(let head): try check(horizon: head.horizon, dimension: head.dimension)
        }
    }

    private func check(horizon: Int, dimension: Int) throws {
        let expected = [configuration.contract.horizon, configuration.contract.actionSpace.dimension]
        try require(
            [horizon, dimension] == expected,
            PolicyBundle.configurationFile,
            "horizon and columns: the contract says \(expected), the head \([horizon, dimension])"
        )
    }

    private func check(_ head: CodeHead.Configuration, _ coding: ActionCoding, _ actions: Normalization)
        throws
    {
        let (contract, schedule) = (configuration.contract, head.schedule)
        guard let tokenizer = coding.tokenizer else { return }
        if let tokenizer = tokenizer as? FASTerVQTokenizer {
            try require(
                tokenizer.actionSpace == contract.actionSpace,
                PolicyBundle.tokenizerFolder,
                "the tokenizer's action space is \(tokenizer.actionSpace), the policy's \(contract.actionSpace)"
            )
        }
        try require(
            tokenizer.horizon == contract.horizon,
            PolicyBundle.tokenizerFolder,
            "the tokenizer's horizon is \(tokenizer.horizon), the policy's \(contract.horizon)"
        )
        let residual = tokenizer as? any ResidualTokenizer
        let found = [residual?.codebookCount ?? 1, residual?.latentPositionCount ?? schedule.placeCount]
        let expected = [schedule.codebookCount, schedule.placeCount]
        try require(
            found == expected && tokenizer.codebookSizes.allSatisfy { $0 == head.codebookSize },
            PolicyBundle.tokenizerFolder,
            "codebooks, places and entries: the policy expects \(expected + [head.codebookSize]), the tokenizer has "
                + "\(found + Array(Set(tokenizer.codebookSizes)))"
        )
        try require(
            actions == tokenizer.normalization,
            NormalizationSet.fileName,
            "the statistics of 'actions' are not those of the tokenizer"
        )
    }

    private func require(_ holds: Bool, _ file: String, _ reason: @autoclosure () -> String) throws {
        if !holds { throw PolicyBundleError(file: folder.appending(path: file).path, reason: reason()) }
    }
}
