internal import Backbones
internal import NN
internal import RobotTypes
public import Support

extension PolicyConfiguration: Validatable {
    /// Checks that a network can be made of the numbers.
    public func validate() throws(InvalidValue) {
        switch backbone {
        case .compact(let configuration): try Validation.require("backbone.compact", configuration)
        case .pretrained(let configuration): try Validation.require("backbone.pretrained", configuration)
        }
        try Validation.require("head", head)
        if let mixture { try Validation.require("mixture", mixture) }
        if let quantization {
            try Validation.require(
                isWholePretrained,
                "quantization",
                "none, unless the backbone is a published one without adapters that the policy keeps the weights of",
                found: quantization.rawValue
            )
        }
        if let expert {
            try Validation.require(
                [
                    "expert.width": expert.width,
                    "expert.feedForwardWidth": expert.feedForwardWidth ?? expert.width,
                ],
                in: 1 ... Validation.largestSize
            )
        }
        switch head {
        case .blocks(let head):
            let columns = largestDimension
            try Validation.require(
                head.dimension == columns,
                "head.blocks.dimension",
                "\(columns), as in the contract",
                found: head.dimension
            )
        case .flow:
            // Times are encoded in sines and as many cosines.
            guard let width = expert?.width ?? compactWidth else { break }
            let key = expert == nil ? "backbone.compact.width" : "expert.width"
            try Validation.require(width % 2 == 0, key, "even with the head 'flow'", found: width)
        case .regression: break
        }
    }

    /// Channels of the compact backbone; nil for another.
    private var compactWidth: Int? {
        if case .compact(let configuration) = backbone { configuration.width } else { nil }
    }

    /// True for a published backbone whose weights lie with the policy's own.
    private var isWholePretrained: Bool {
        guard case .pretrained(let configuration) = backbone else { return false }
        return !configuration.isFrozen && configuration.adapter == nil
    }

    /// Columns of an action, of the robot that has most.
    var largestDimension: Int {
        let contracts = mixture.map { $0.embodiments.map(\.contract) } ?? [contract]
        return contracts.map(\.actionSpace.dimension).max() ?? 0
    }
}
