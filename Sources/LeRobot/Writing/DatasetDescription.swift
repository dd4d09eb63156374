public import RobotTypes

/// Columns, cameras and rate of a dataset to be written.
public struct DatasetDescription: Sendable {
    /// Frames a second.
    public var fps: Double

    /// The robot that is recorded.
    public var robotType: String

    /// Names of the columns of an action.
    public var actionNames: [String]

    /// Names of the columns of the state; empty where the robot reports none.
    public var stateNames: [String]

    /// Names of the columns of object poses, as only a simulator knows them; empty if there are none.
    public var environmentStateNames: [String]

    /// Cameras, of even width and height; empty for a dataset without images.
    public var cameras: [PolicyContract.Camera]

    /// Codec and quality of the videos.
    public var video: VideoSettings

    /// Size at which a new Parquet file is begun, megabytes.
    public var dataFilesSizeInMB: Int

    /// Size at which a new video file is begun, megabytes.
    public var videoFilesSizeInMB: Int

    /// Puts the description together; sizes are LeRobot's defaults.
    public init(
        fps: Double,
        robotType: String,
        actionNames: [String],
        stateNames: [String] = [],
        environmentStateNames: [String] = [],
        cameras: [PolicyContract.Camera] = [],
        video: VideoSettings = .dataset,
        dataFilesSizeInMB: Int = 100,
        videoFilesSizeInMB: Int = 200
    ) {
        self.fps = fps
        self.robotType = robotType
        self.actionNames = actionNames
        self.stateNames = stateNames
        self.environmentStateNames = environmentStateNames
        self.cameras = cameras
        self.video = video
        self.dataFilesSizeInMB = dataFilesSizeInMB
        self.videoFilesSizeInMB = videoFilesSizeInMB
    }

    /// Names that no camera may have, whether the dataset has such columns or not.
    private static let reserved = ["action", DatasetInfo.state, DatasetInfo.environmentState]

    /// Numeric features and their columns, in order.
    var numericFeatures: [(name: String, columns: [String])] {
        [
            ("action", actionNames), (DatasetInfo.state, stateNames),
            (DatasetInfo.environmentState, environmentStateNames),
        ].filter { !$0.columns.isEmpty }
    }

    /// The features as `meta/info.json` lists them.
    var features: [String: Feature] {
        var features = DatasetInfo.bookkeeping
        for (name, columns) in numericFeatures {
            features[name] = Feature(dtype: "float32", shape: [columns.count], names: columns)
        }
        for camera in cameras {
            features[camera.name] = Feature(
                videoOfHeight: camera.height,
                width: camera.width,
                fps: fps,
                settings: video
            )
        }
        return features
    }

    /// Checks rate, names and sizes.
    func check() throws(LeRobotError) {
        func require(_ isGood: Bool, _ field: String, _ expected: String, _ found: String)
            throws(LeRobotError)
        {
            if !isGood { throw .invalidData(field: field, expected: expected, found: found) }
        }
        let isRate = fps >= DatasetInfo.lowestRate && fps <= 100_000
        try require(isRate, "fps", "a number from 1e-6 to 1e5", "\(fps)")
        try require(!actionNames.isEmpty, "actionNames", "at least one name", "none")
        for names in [actionNames, stateNames, environmentStateNames, cameras.map(\.name)] {
            let duplicate = names.first { name in names.filter { $0 == name }.count > 1 }
            try require(duplicate == nil, "names", "different names", "'\(duplicate ?? "")' twice")
        }
        for camera in cameras {
            let isName = DatasetInfo.isFeatureName(camera.name)
            try require(isName, "cameras", "names without '/'", "'\(camera.name)'")
            let isTaken = DatasetInfo.bookkeeping[camera.name] != nil
            try require(
                !isTaken && !Self.reserved.contains(camera.name),
                "cameras",
                "a name that no column has",
                "'\(camera.name)'"
            )
            try require(
                camera.width > 0 && camera.height > 0 && camera.width % 2 == 0 && camera.height % 2 == 0,
                camera.name,
                "even width and height",
                "\(camera.width)x\(camera.height)"
            )
        }
        try require(dataFilesSizeInMB > 0, "dataFilesSizeInMB", "at least 1", "\(dataFilesSizeInMB)")
        try require(videoFilesSizeInMB > 0, "videoFilesSizeInMB", "at least 1", "\(videoFilesSizeInMB)")
    }
}

extension Feature {
    /// A camera's feature, as `meta/info.json` describes a video of some settings.
    init(videoOfHeight height: Int, width: Int, fps: Double, settings: VideoSettings) {
        self.init(
            dtype: "video",
            shape: [height, width, 3],
            names: ["height", "width", "channels"],
            video: VideoDescription(
                height: height,
                width: width,
                codec: settings.codec.rawValue,
                pixelFormat: settings.chroma.rawValue,
                isDepthMap: false,
                fps: fps,
                channels: 3,
                hasAudio: false
            )
        )
    }
}
