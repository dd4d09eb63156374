internal import Backbones
internal import FASTerVLA
internal import LeRobot
internal import RobotTypes

/// One robot of a policy.
struct ResolvedRobot {
    /// Normalisation of states.
    let state: Normalization

    /// Coding of actions: a tokenizer, or normalised values.
    let coding: ActionCoding

    /// The dataset's image feature of every camera of the network; nil for one that it lacks.
    let features: [String?]

    /// Places of cameras and states among the network's inputs.
    let layout: InputLayout

    /// Resolves `source` beside the network's cameras.
    ///
    /// - Throws: ``DemonstrationsError`` and ``DatasetMappingError`` about its cameras.
    init(
        _ source: PolicySource,
        _ cameraNames: [String],
        state: Normalization,
        coding: ActionCoding,
        layout: InputLayout
    ) throws {
        (self.state, self.coding, self.layout) = (state, coding, layout)
        let own = try source.demonstrations.cameras()
        features = try cameraNames.map { name in
            own.contains(name) ? try source.demonstrations.imageFeature(of: name) : nil
        }
    }
}

extension PolicySource {
    /// What the policy takes from this robot and gives to it.
    func contract(
        _ cameraNames: [String],
        _ backbone: CompactBackbone.Configuration,
        _ state: Normalization,
        horizon: Int
    ) throws -> PolicyContract {
        let own = try demonstrations.cameras()
        return PolicyContract(
            cameras: zip(cameraNames, backbone.cameras).filter { own.contains($0.0) }.map {
                .init(name: $0, height: $1.height, width: $1.width)
            },
            stateDimension: state.statistics.dimension,
            stateNames: try demonstrations.states().names,
            horizon: demonstrations.transform?.robotSteps(ofModel: horizon) ?? horizon,
            actionSpace: demonstrations.actionSpace,
            actionNames: demonstrations.actions.names,
            framesPerSecond: demonstrations.dataset.info.fps
        )
    }
}

extension [PolicySource] {
    /// The cameras of all sources, or those `chosen`, in the order in which the policy reads them.
    ///
    /// - Throws: ``DemonstrationsError`` when a name is none of them or occurs twice, or a source has none of the cameras.
    func cameras(_ chosen: [String]) throws -> [String] {
        guard count > 1 else { return try self[0].demonstrations.cameras(chosen) }
        var all: [String] = []
        for source in self {
            all += try source.demonstrations.cameras().filter { !all.contains($0) }
        }
        let cameras = try self[0].demonstrations.choose(chosen, among: all)
        for source in self {
            let own = try source.demonstrations.cameras()
            guard cameras.contains(where: own.contains) else {
                throw source.demonstrations.error(
                    "has none of the policy's cameras \(cameras.joined(separator: ", ")), only "
                        + "\(own.joined(separator: ", ")); name one of them so by the key 'cameras' of its mapping"
                )
            }
        }
        return cameras
    }

    /// Size of a camera's images in the first source that has it.
    func imageSize(of camera: String) throws -> (height: Int, width: Int) {
        let source = try first { try $0.demonstrations.cameras().contains(camera) } ?? self[0]
        return try source.demonstrations.dataset.imageSize(of: source.demonstrations.imageFeature(of: camera))
    }
}
