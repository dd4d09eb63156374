internal import ActionTokenizers
public import Backbones
internal import FASTerVLA
internal import FASTerVQ
public import Foundation
public import LeRobot
public import RobotTypes

/// A recorded dataset, as trainings read it.
public struct Demonstrations: Sendable {
    /// The dataset on disk.
    public let dataset: LeRobotDataset

    /// What the columns of its actions mean.
    public let actionSpace: ActionSpace

    private let table: FrameTable
    private let sampler: ChunkSampler

    /// Opens the dataset in `folder`.
    ///
    /// - Parameters:
    ///   - folder: A LeRobot v3.0 dataset.
    ///   - groups: `position=0:3,gripper=3`; nil reads the groups off the dataset's column names.
    /// - Throws: `LeRobotError`, `ActionSpaceError`, and ``DemonstrationsError`` when groups and columns differ.
    public init(opening folder: URL, groups: String? = nil) throws {
        dataset = try LeRobotDataset(opening: folder)
        table = try dataset.loadTable()
        sampler = try ChunkSampler(dataset: dataset, table: table)
        let columns = sampler.column.dimension
        if let groups {
            actionSpace = try ActionSpace(parsing: groups)
        } else if let names = dataset.info.features["action"]?.names, names.count == columns {
            actionSpace = try ActionSpace(columnNames: names)
        } else {
            actionSpace = try ActionSpace(groups: [.init(name: "other", columns: 0 ..< columns)])
        }
        guard actionSpace.dimension == columns else {
            throw DemonstrationsError(
                description:
                    "\(folder.path): the actions have \(columns) columns, the groups \(actionSpace) cover "
                    + "\(actionSpace.dimension)"
            )
        }
    }

    /// Chunks in the robot's units that start at every frame of `episodes` (nil: of all).
    public func chunks(horizon: Int, episodes: [Int]?) throws -> ActionChunks {
        try sampler.chunks(horizon: horizon, episodes: episodes)
    }

    /// How actions are normalised, by statistics over `episodes` (nil: over all).
    public func actionNormalization(_ method: Normalization.Method, episodes: [Int]?) -> Normalization {
        normalization(of: sampler.column, method, episodes)
    }

    /// How states are normalised, by statistics over `episodes` (nil: over all).
    ///
    /// - Throws: ``DemonstrationsError`` when the dataset has no `observation.state`.
    public func stateNormalization(_ method: Normalization.Method, episodes: [Int]?) throws -> Normalization {
        normalization(of: try states(), method, episodes)
    }

    private func states() throws -> FrameTable.Column {
        guard let states = table.states else {
            throw DemonstrationsError(
                description: "\(dataset.folder.path): has no feature 'observation.state'"
            )
        }
        return states
    }

    private func normalization(
        of column: FrameTable.Column,
        _ method: Normalization.Method,
        _ episodes: [Int]?
    ) -> Normalization {
        let rows = (episodes ?? Array(dataset.episodes.indices)).flatMap {
            column.rows(dataset.episodes[$0].rows)
        }
        return Normalization(
            method: method,
            statistics: featureStatistics(values: rows, dimension: column.dimension)
        )
    }

    /// Pictures that the cameras of the dataset take, in the order in which policies read them.
    ///
    /// - Parameters:
    ///   - chosen: Names of cameras, whole or the last part; all where empty.
    ///   - pixelsPerToken: Pixels of the first camera that share a token, along each axis.
    ///   - ofOtherCameras: The same of every further camera.
    ///   - pictureSize: Rows and columns that pictures are scaled to; 0 for as they are recorded.
    ///   - keypoints: Things to be located exactly in each camera's picture.
    /// - Returns: Every camera's name in the dataset, and its pictures.
    /// - Throws: ``DemonstrationsError`` when there are none, a name is none of them, or a size cannot be cut into tokens;
    ///   `LeRobotError` when what is missing is there, but stored as single images.
    public func cameras(
        _ chosen: [String] = [],
        pixelsPerToken: Int,
        ofOtherCameras: Int,
        pictureSize: Int,
        keypoints: Int
    ) throws -> [(name: String, camera: CompactBackbone.Configuration.Camera)] {
        let names = dataset.cameras
        guard !names.isEmpty else {
            try checkImages { _ in true }
            throw DemonstrationsError(
                description: "\(dataset.folder.path): has no camera, which a policy needs"
            )
        }
        let taken = try chosen.map { wish in
            func isMeant(_ name: String) -> Bool {
                name == wish || name.split(separator: ".").last == wish[...]
            }
            guard let name = names.first(where: isMeant) else {
                try checkImages(isMeant)
                throw DemonstrationsError(
                    description:
                        "\(dataset.folder.path): has no camera '\(wish)', only \(names.joined(separator: ", "))"
                )
            }
            return name
        }
        for (index, name) in taken.enumerated() where taken[..<index].contains(name) {
            throw DemonstrationsError(description: "cameras: '\(name)' is named twice")
        }
        return try (taken.isEmpty ? names : taken).enumerated().map { index, name in
            let recorded = try dataset.feature(ofCamera: name).videoSize
            let size = pictureSize > 0 ? (height: pictureSize, width: pictureSize) : recorded
            let pixels = index == 0 ? pixelsPerToken : ofOtherCameras
            guard size.height > 0, size.height % pixels == 0, size.width % pixels == 0 else {
                throw DemonstrationsError(
                    description:
                        "\(name): pictures of \(size.height) x \(size.width) pixels cannot be cut into tokens of "
                        + "\(pixels) x \(pixels); have them scaled, for example with --set pictureSize=\(8 * pixels)"
                )
            }
            return (
                name,
                .init(height: size.height, width: size.width, pixelsPerToken: pixels, keypoints: keypoints)
            )
        }
    }

    /// Refuses cameras whose pictures lie in Parquet files instead of videos, with what to do about it.
    private func checkImages(_ isMeant: (String) -> Bool) throws(LeRobotError) {
        let images = dataset.info.features.filter { $0.value.dtype == "image" }.keys.filter(isMeant)
        if let first = images.min() { throw .unsupportedFeature(first, dtype: "image") }
    }

    /// Every frame of `episodes` as an example for a policy.
    ///
    /// - Parameters:
    ///   - plan: What is to be predicted of what.
    ///   - episodes: Episodes.
    ///   - frames: Their pictures.
    /// - Returns: The examples, with the pictures' store behind them.
    /// - Throws: The errors of datasets and tokenizers, ``DemonstrationsError`` when there is no state.
    func policyExamples(_ plan: PolicyPlan, episodes: [Int], frames: FrameStore) throws -> PolicyExamples {
        var chunks = try chunks(horizon: plan.configuration.contract.horizon, episodes: episodes)
        chunks.values = plan.coding.normalization.normalized(chunks.values)
        let rows = episodes.flatMap { Array(dataset.episodes[$0].rows) }
        let states = try states()
        let foreseen =
            plan.foreseenSteps.isEmpty
            ? nil
            : episodes.flatMap { episode -> [Float] in
                let rows = dataset.episodes[episode].rows
                return rows.flatMap { rows.foreseen(from: $0, after: plan.foreseenSteps) }.flatMap(states.row)
            }
        return PolicyExamples(
            cameras: plan.cameras.map(\.camera),
            frames: StoredFrames(store: frames),
            frameIndices: rows,
            stateBins: StateTokenizer(normalization: plan.state, binCount: plan.stateBins)
                .bins(for: rows.flatMap { states.row($0) }),
            stateDimension: states.dimension,
            stateBinCount: plan.stateBins,
            instructions: dataset.tasks,
            instructionIndices: rows.map { table.taskIndex[$0] },
            chunks: chunks,
            codes: try plan.codes(for: chunks),
            foreseen: foreseen.map(plan.state.normalized),
            environmentStates: plan.environment.map { $0.values(rows) },
            places: plan.environment.map { $0.places(rows) } ?? []
        )
    }

    /// Columns of where things are, in all frames, normalised by statistics over `episodes` (nil: over all).
    ///
    /// - Parameters:
    ///   - columns: Which of them; all but places in pictures where empty.
    ///   - cameras: Names of the policy's cameras.
    ///   - episodes: Episodes.
    /// - Returns: What a policy is to tell.
    /// - Throws: ``DemonstrationsError`` when the dataset does not say, or has no such column.
    func environmentTargets(
        _ columns: [Int],
        cameras: [String],
        episodes: [Int]?
    ) throws -> EnvironmentTargets {
        guard let states = table.environmentStates else {
            throw DemonstrationsError(
                description:
                    "\(dataset.folder.path): has no feature '\(DatasetInfo.environmentState)', which "
                    + "'environmentState.weight' above 0 asks for"
            )
        }
        if let other = columns.first(where: { !(0 ..< states.dimension).contains($0) }) {
            throw DemonstrationsError(
                description: "\(dataset.folder.path): 'environmentState.columns' names column \(other), "
                    + "'\(DatasetInfo.environmentState)' has \(states.dimension)"
            )
        }
        return EnvironmentTargets(
            states: states,
            names: dataset.info.features[DatasetInfo.environmentState]?.names,
            normalization: normalization(of: states, .quantiles, episodes),
            columns: columns,
            cameras: cameras
        )
    }
}

/// A frame store, as policies' trainings read it.
private struct StoredFrames: FrameSource {
    let store: FrameStore

    func copyFrame(_ frame: Int, camera: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws {
        try store.pixels(camera: store.cameras[camera], frame: frame, into: pixels)
    }
}

/// A dataset that cannot be trained on as asked.
public struct DemonstrationsError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
