internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import LeRobot
internal import RobotTypes

/// One robot of a policy.
struct ResolvedRobot {
    /// Normalisation of states.
    let state: Normalization

    /// Coding of actions: a tokenizer, or normalised values.
    let coding: ActionCoding

    /// Layout of cameras and states in the network's inputs.
    let layout: InputLayout
}

extension PolicySource {
    /// The dataset's image feature of every camera of the network; nil for one that it lacks.
    ///
    /// - Throws: ``DemonstrationsError`` and ``DatasetMappingError`` about its cameras.
    func features(_ cameraNames: [String]) throws -> [String?] {
        let own = try demonstrations.cameras()
        return try cameraNames.map { name in
            own.contains(name) ? try demonstrations.imageFeature(of: name) : nil
        }
    }
}

extension RobotDemonstrations {
    /// What the policy takes from this robot and gives to it.
    func contract(
        _ cameraNames: [String],
        _ images: [ImageSize],
        _ state: Normalization,
        horizon: Int
    ) throws -> PolicyContract {
        let own = try cameras()
        return PolicyContract(
            cameras: zip(cameraNames, images).filter { own.contains($0.0) }.map {
                .init(name: $0, height: $1.height, width: $1.width)
            },
            stateDimension: state.statistics.dimension,
            stateNames: try parts.compactMap { try $0.demonstrations.states().names }.first,
            horizon: first.transform?.robotSteps(ofModel: horizon) ?? horizon,
            actionSpace: first.actionSpace,
            actionNames: parts.compactMap(\.demonstrations.actions.names).first,
            framesPerSecond: first.dataset.info.fps
        )
    }
}

extension RobotDemonstrations {
    /// The tokenizer that the robot's sources share; nil where they have none.
    ///
    /// - Throws: ``DemonstrationsError`` when they have several.
    func tokenizer(_ sources: [PolicySource]) throws -> (any ActionTokenizer)? {
        let tokenizers = positions.map { sources[$0].tokenizer }
        let normalization = tokenizers[0]?.normalization
        guard tokenizers.allSatisfy({ $0?.normalization == normalization }) else {
            throw DemonstrationsError(description: "'\(name)': the datasets of one robot need one tokenizer")
        }
        return tokenizers[0]
    }

    /// Every dataset's object poses, with statistics over all of them.
    ///
    /// - Throws: ``DemonstrationsError`` when a dataset has none, no such column, or others than the first.
    func objectPoses(columns: [Int], cameras: [String]) throws -> [ObjectPoseLabels] {
        let normalization = try normalization { try ObjectPoseLabels.columns(of: $0) }
        let labels = try parts.map {
            try ObjectPoseLabels($0.demonstrations, normalization, columns: columns, cameras: cameras)
        }
        if let other = labels.firstIndex(where: { !$0.hasSameColumns(as: labels[0]) }) {
            throw parts[other].demonstrations.error(
                "has other columns of '\(DatasetInfo.environmentState)' than \(first.dataset.folder.path)"
            )
        }
        return labels
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
