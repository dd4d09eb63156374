internal import ActionTokenizers
internal import FASTerVQ
internal import Foundation
internal import RobotTypes
internal import Support

/// Checks that a policy's folder describes a network, and that its parts belong to one robot and one tokenizer.
struct PolicyCheck {
    let folder: URL
    let configuration: PolicyConfiguration

    /// - Throws: ``PolicyFolderError`` that names the file, what was expected and what was found.
    func check(_ coding: ActionCoding, actions: Normalization, state: Normalization) throws {
        do {
            try configuration.validate()
        } catch {
            throw PolicyFolderError(
                file: folder.appending(path: PolicyFolder.configurationFile).path,
                reason: error.description
            )
        }
        let contract = configuration.contract
        let inputs = configuration.backbone.inputs
        try require(
            inputs.images == contract.cameras.map { [$0.height, $0.width] }
                && inputs.stateDimension == contract.stateDimension,
            PolicyFolder.configurationFile,
            "the backbone reads images of \(inputs.images) and \(inputs.stateDimension) state values, which are not "
                + "those of the contract"
        )
        try require(
            configuration.expert != nil || configuration.backbone.supportsDecoding,
            PolicyFolder.configurationFile,
            "expert: is missing, and the backbone does not support decoding"
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
        if let transform = actions.transform {
            do { try transform.validate(columns: contract.actionSpace.dimension) } catch {
                throw PolicyFolderError(
                    file: folder.appending(path: NormalizationSet.fileName).path,
                    reason: "\(error)"
                )
            }
            try require(
                !transform.isRelative || transform.stateDimension == contract.stateDimension,
                NormalizationSet.fileName,
                "the actions are relative to a state of \(transform.stateDimension) columns, the policy's has "
                    + "\(contract.stateDimension)"
            )
        }
        switch configuration.head {
        case .blocks(let head): try check(head, coding, actions)
        case .flow(let head): try check(horizon: head.horizon, dimension: head.dimension)
        case .regression(let head): try check(horizon: head.horizon, dimension: head.dimension)
        }
    }

    private func check(horizon: Int, dimension: Int) throws {
        let expected = [configuration.contract.horizon, configuration.contract.actionSpace.dimension]
        try require(
            [horizon, dimension] == expected,
            PolicyFolder.configurationFile,
            "horizon and columns: the contract says \(expected), the head \([horizon, dimension])"
        )
    }

    private func check(_ head: BlockHead.Configuration, _ coding: ActionCoding, _ actions: Normalization)
        throws
    {
        let (contract, schedule) = (configuration.contract, head.schedule)
        guard let tokenizer = coding.tokenizer else { return }
        if let actionSpace = tokenizer.requiredActionSpace {
            try require(
                actionSpace == contract.actionSpace,
                PolicyFolder.tokenizerFolder,
                "the tokenizer's action space is \(actionSpace), the policy's \(contract.actionSpace)"
            )
        }
        try require(
            tokenizer.horizon == contract.horizon,
            PolicyFolder.tokenizerFolder,
            "the tokenizer's horizon is \(tokenizer.horizon), the policy's \(contract.horizon)"
        )
        let layout = tokenizer.layout
        let found = [layout.codebookCount, layout.latentPositionCount ?? schedule.latentPositionCount]
        let expected = [schedule.codebookCount, schedule.latentPositionCount]
        try require(
            found == expected && tokenizer.codebookSizes.allSatisfy { $0 == head.codebookSize },
            PolicyFolder.tokenizerFolder,
            "codebooks, latent positions and entries: the policy expects \(expected + [head.codebookSize]), the tokenizer has "
                + "\(found + Array(Set(tokenizer.codebookSizes)))"
        )
        try require(
            actions == tokenizer.normalization,
            NormalizationSet.fileName,
            "the statistics of 'actions' are not those of the tokenizer"
        )
    }

    private func require(_ holds: Bool, _ file: String, _ reason: @autoclosure () -> String) throws {
        if !holds { throw PolicyFolderError(file: folder.appending(path: file).path, reason: reason()) }
    }
}
