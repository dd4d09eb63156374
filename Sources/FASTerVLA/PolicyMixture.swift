public import RobotTypes
public import Support

/// The robots that share one network, and what the network reads of each of them.
///
/// The network reads the cameras of all robots, images of absent ones masked; as many state values as the robot with most has, and one
/// more that tells which robot it is; chunks of one number of steps, with as many columns or latent positions as the largest
/// robot needs (Documentation/Decisions/0017).
public struct PolicyMixture: Codable, Equatable, Sendable {
    /// A robot by its name, with the observation and the action of the policy that serves it.
    public struct Embodiment: Codable, Equatable, Sendable {
        /// Unique in the mixture.
        public var name: String

        /// Observations and actions of this robot.
        public var contract: PolicyContract

        /// Describes a robot.
        public init(name: String, contract: PolicyContract) {
            self.name = name
            self.contract = contract
        }
    }

    /// Names of the network's cameras, in its order.
    public var cameras: [String]

    /// Steps of a chunk, as the network predicts it.
    public var horizon: Int

    /// The robots, at least two.
    public var embodiments: [Embodiment]

    /// Describes a mixture.
    public init(cameras: [String], horizon: Int, embodiments: [Embodiment]) {
        self.cameras = cameras
        self.horizon = horizon
        self.embodiments = embodiments
    }

    /// Position of the embodiment `name`; the names, with commas, where there is none.
    func index(of name: String?) throws(InvalidValue) -> Int {
        if let index = embodiments.firstIndex(where: { $0.name == name }) { return index }
        throw InvalidValue(
            "embodiment",
            expected: "one of \(embodiments.map(\.name).joined(separator: ", "))",
            found: name ?? "none"
        )
    }
}

extension PolicyMixture: Validatable {
    /// Checks that names are unique and that every robot fits the network's inputs.
    public func validate() throws(InvalidValue) {
        let names = embodiments.map(\.name)
        try Validation.require(
            names.count > 1 && Set(names).count == names.count,
            "embodiments",
            "two or more, each of a name of its own",
            found: names.joined(separator: ", ")
        )
        for (name, contract) in embodiments.map({ ($0.name, $0.contract) }) {
            let own = contract.cameras.map(\.name)
            try Validation.require(
                !own.isEmpty && own == cameras.filter(own.contains),
                "embodiments.\(name).contract.cameras",
                "some of \(cameras.joined(separator: ", ")), in this order",
                found: own.joined(separator: ", ")
            )
        }
        try Validation.require(["horizon": horizon], in: 1 ... Validation.largestSize)
    }
}

/// Layout of a robot's cameras and state values in the inputs of its policy's network.
public struct InputLayout: Equatable, Sendable {
    /// For every camera of the network, whether the robot has it; nil where it has all.
    public let hasCamera: [Bool]?

    /// State values of the robot.
    private let stateDimension: Int

    /// State values of the network.
    private let networkStateDimension: Int

    /// Bin that tells the network which robot it is; nil where it knows only one.
    private let embodimentBin: Int?

    private let binCount: Int

    /// The layout of the robot of `configuration`'s contract, which is the embodiment at `index` of a mixture.
    public init(_ configuration: PolicyConfiguration, embodiment index: Int?) {
        let contract = configuration.contract
        let inputs = configuration.backbone.inputs
        binCount = configuration.backbone.stateBins
        stateDimension = contract.stateDimension
        networkStateDimension = inputs.stateDimension
        guard let mixture = configuration.mixture, let index else {
            (hasCamera, embodimentBin) = (nil, nil)
            return
        }
        let own = Set(contract.cameras.map(\.name))
        let present = mixture.cameras.map(own.contains)
        hasCamera = present.contains(false) ? present : nil
        // Far apart: neighbouring bins begin with similar embeddings.
        embodimentBin = index * binCount / mixture.embodiments.count
    }

    /// Bins of the robot's state as the network reads them: values that the robot lacks lie in the middle.
    public func networkState(_ bins: [Int]) -> [Int] {
        guard let embodimentBin else { return bins }
        let missing = networkStateDimension - 1 - stateDimension
        return bins + Array(repeating: binCount / 2, count: missing) + [embodimentBin]
    }
}
