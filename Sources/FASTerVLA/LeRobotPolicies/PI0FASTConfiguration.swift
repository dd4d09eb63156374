internal import Backbones
internal import Foundation
internal import RobotTypes
internal import Torch

/// `config.json` of a LeRobot policy of type `pi0_fast`, with the defaults of its class.
struct PI0FASTConfiguration {
    static let type = "pi0_fast"
    static let stateName = "observation.state"
    static let actionName = "action"

    /// Cameras by the policy's names, in the order that it reads them, without `empty_cameras`.
    var cameras: [PolicyContract.Camera]

    /// Number of values of the state.
    var stateDimension: Int

    /// Number of columns of an action.
    var actionDimension: Int

    /// Names of the columns of an action; nil where the policy has none.
    var actionNames: [String]?

    /// Number of control steps of a chunk.
    ///
    /// LeRobot reads the coefficients as those of `n_action_steps` steps, which distorts chunks where that is smaller; the
    /// tokens it was trained on are those of `chunk_size`.
    var horizon: Int

    /// Rows and columns of an image that the network reads.
    var imageSize: Int

    /// Most tokens of a prompt; later ones are cut off.
    var promptLength: Int

    /// Most tokens of an answer, the mark before the actions included.
    var answerLength: Int

    /// Number of tokens at the vocabulary's end that actions leave free.
    var skippedTokens: Int

    /// Path or name on the Hub of the text tokenizer.
    var textTokenizer: String

    /// Path or name on the Hub of the action tokenizer.
    var actionTokenizer: String

    /// Element type of the weights.
    var dtype: DType

    /// Reads `config.json` of `folder`.
    ///
    /// - Throws: `PretrainedError` that names the field: of another type of policy, and for an option that is not supported.
    init(of folder: URL) throws {
        let file = try PublishedConfiguration(of: folder)
        let type = try file.text("type") ?? ""
        guard type == Self.type else {
            throw file.error(
                "type",
                expected: "\(Self.type), the type of LeRobot's policies that is supported",
                found: "'\(type)'"
            )
        }
        try Self.checkSupport(file)
        (cameras, stateDimension) = try Self.inputs(
            file,
            order: String(contentsOf: folder.appending(path: "config.json"), encoding: .utf8)
        )
        guard let action = try file.object("output_features")?.object(Self.actionName),
            let shape = try action.integers("shape"),
            shape.count == 1, Self.lengths.contains(shape[0])
        else {
            throw file.error(
                "output_features.action",
                expected: "with a shape of one axis of at most \(Self.lengths.upperBound)",
                found: "another"
            )
        }
        actionDimension = shape[0]
        let names = try file.texts("action_feature_names")
        actionNames = names?.count == actionDimension ? names : nil
        horizon = try Self.integer("chunk_size", 50, in: Self.lengths, file)
        imageSize = try file.side("image_resolution", default: 224)
        promptLength = try Self.integer("tokenizer_max_length", 200, in: 1 ... 1 << 16, file)
        answerLength = try Self.integer("max_decoding_steps", 256, in: 1 ... 1 << 16, file)
        skippedTokens = try Self.integer("fast_skip_tokens", 128, in: 0 ... 1 << 20, file)
        textTokenizer = try file.text("text_tokenizer_name") ?? "google/paligemma-3b-pt-224"
        actionTokenizer = try file.text("action_tokenizer_name") ?? "lerobot/fast-action-tokenizer"
        dtype = try file.dtype() ?? .float32
        guard dtype != .float16 else {
            throw file.error("dtype", expected: "float32 or bfloat16", found: "float16")
        }
    }

    private static func checkSupport(_ file: PublishedConfiguration) throws(PretrainedError) {
        if try file.flag("use_peft", default: false) {
            throw file.error(
                "use_peft",
                expected: "false: merge the adapters with LeRobot first",
                found: "true"
            )
        }
        let temperature = try file.number("temperature", default: 0)
        guard temperature == 0 else {
            throw file.error("temperature", expected: "0, the most probable tokens", found: "\(temperature)")
        }
        let moments = try file.integer("n_obs_steps", default: 1)
        guard moments == 1 else { throw file.error("n_obs_steps", expected: "1", found: "\(moments)") }
    }

    /// Numbers of steps, values and pixels of a side that policies have; others are taken for damage.
    private static let lengths = 1 ... 1 << 12

    private static func integer(
        _ key: String,
        _ value: Int,
        in range: ClosedRange<Int>,
        _ file: PublishedConfiguration
    ) throws(PretrainedError) -> Int {
        let found = try file.integer(key, default: value)
        guard range.contains(found) else {
            throw file.error(
                key,
                expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
                found: "\(found)"
            )
        }
        return found
    }

    /// Cameras in the order of `text`, which the reader of JSON forgets, and the number of values of the state.
    private static func inputs(_ file: PublishedConfiguration, order text: String) throws
        -> (cameras: [PolicyContract.Camera], stateDimension: Int)
    {
        guard let features = try file.object("input_features") else {
            throw file.error("input_features", expected: "an object", found: "nothing")
        }
        guard let state = try features.object(stateName)?.integers("shape"), state.count == 1,
            (0 ... lengths.upperBound).contains(state[0])
        else {
            throw features.error(
                stateName,
                expected: "with a shape of one axis of at most \(lengths.upperBound)",
                found: "another, or nothing"
            )
        }
        let emptyCount = try integer("empty_cameras", 0, in: 0 ... 1 << 10, file)
        let empty = (0 ..< emptyCount).map { "observation.images.empty_camera_\($0)" }
        var cameras: [(place: String.Index, camera: PolicyContract.Camera)] = []
        for name in features.keys where !empty.contains(name) {
            guard let feature = try features.object(name), try feature.text("type") == "VISUAL" else {
                continue
            }
            guard let shape = try feature.integers("shape"), shape.count == 3, shape[0] == 3,
                shape.allSatisfy(lengths.contains)
            else {
                throw features.error(
                    name,
                    expected: "with a shape of 3 channels, rows and columns, at most \(lengths.upperBound)",
                    found: "another"
                )
            }
            let place = text.range(of: "\"\(name)\"")?.lowerBound ?? text.endIndex
            cameras.append((place, .init(name: name, height: shape[1], width: shape[2])))
        }
        guard !cameras.isEmpty else {
            throw file.error("input_features", expected: "to have a camera", found: "none of type VISUAL")
        }
        return (cameras.sorted { $0.place < $1.place }.map(\.camera), state[0])
    }
}
