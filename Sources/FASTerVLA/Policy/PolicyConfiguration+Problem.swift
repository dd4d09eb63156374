internal import Backbones
internal import RobotTypes
internal import Support

extension PolicyConfiguration {
    /// What makes no network of the numbers, in words that name the key; nil where nothing does.
    var problem: String? {
        if let problem = backbone.problem ?? head.problem { return problem }
        if let expert, expert.width < 1 {
            return "'expert.width' should be at least 1, found \(expert.width)"
        }
        switch head {
        case .codes(let head):
            let (columns, found) = (contract.actionSpace.dimension, head.dimension)
            return columns == found
                ? nil : "'head.codes': 'dimension' should be \(columns), as in the contract, found \(found)"
        case .flow:
            // Times are told in sines and as many cosines.
            let width = expert?.width ?? backbone.width
            let key = expert == nil ? "backbone.compact.width" : "expert.width"
            return width % 2 == 0 ? nil : "'\(key)' should be even with the head 'flow', found \(width)"
        case .regression: return nil
        }
    }
}

extension PolicyConfiguration.BackboneConfiguration {
    /// What makes no network of its numbers, in words that name the key; nil where nothing does.
    fileprivate var problem: String? {
        switch self {
        case .compact(let configuration):
            configuration.validationError?.inside("backbone.compact").description
        }
    }

    /// Channels of a token.
    fileprivate var width: Int {
        switch self {
        case .compact(let configuration): configuration.width
        }
    }
}

extension Validatable {
    /// The error that ``validate()`` throws; nil for valid settings.
    var validationError: InvalidValue? {
        do {
            try validate()
            return nil
        } catch {
            return error
        }
    }
}
