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
            hasInputs(inputs.images, inputs.stateDimension),
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
        case .flow(let head): try check(horizon: head.horizon, dimension: head.dimension, actions)
        case .regression(let head): try check(horizon: head.horizon, dimension: head.dimension, actions)
        }
    }

    /// Returns true if the backbone reads the contract's cameras and state, or those of all robots of the mixture.
    private func hasInputs(_ images: [[Int]], _ stateDimension: Int) -> Bool {
        guard let mixture = configuration.mixture else {
            return images == configuration.contract.cameras.map { [$0.height, $0.width] }
                && stateDimension == configuration.contract.stateDimension
        }
        let sizes = Dictionary(zip(mixture.cameras, images)) { first, _ in first }
        return images.count == mixture.cameras.count
            && mixture.embodiments.allSatisfy { embodiment in
                embodiment.contract.stateDimension < stateDimension
                    && embodiment.contract.cameras.allSatisfy { sizes[$0.name] == [$0.height, $0.width] }
            }
    }

    private func check(horizon: Int, dimension: Int, _ actions: Normalization) throws {
        let steps = actions.transform?.robotSteps(ofModel: horizon) ?? horizon
        let expected = [configuration.contract.horizon, configuration.largestDimension]
        try require(
            [steps, dimension] == expected,
            PolicyFolder.configurationFile,
            "horizon and columns: the contract says \(expected), the head \([steps, dimension])"
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
        let steps = actions.transform?.robotSteps(ofModel: tokenizer.horizon) ?? tokenizer.horizon
        try require(
            steps == contract.horizon,
            PolicyFolder.tokenizerFolder,
            "the tokenizer's horizon is \(steps), the policy's \(contract.horizon)"
        )
        let layout = tokenizer.layout
        let found = [layout.codebookCount, layout.latentPositionCount ?? schedule.latentPositionCount]
        let expected = [schedule.codebookCount, schedule.latentPositionCount]
        let fits =
            configuration.mixture == nil
            ? found == expected : found[0] == expected[0] && found[1] <= expected[1]
        try require(
            fits && tokenizer.codebookSizes.allSatisfy { $0 == head.codebookSize },
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
