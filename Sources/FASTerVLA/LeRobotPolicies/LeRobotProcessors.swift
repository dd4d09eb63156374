internal import Backbones
internal import Foundation

/// What the pre- and the post-processor of a LeRobot policy say beside the policy's own configuration.
///
/// Format: Documentation/Formats/LeRobotPolicies.md.
struct LeRobotProcessors {
    /// Map of states.
    let state: LeRobotNormalization

    /// Map of actions.
    let action: LeRobotNormalization

    /// The robot's names of features, by the policy's; a feature that is not in it has the policy's own.
    let robotNames: [String: String]

    /// Columns of actions that are relative to the robot's state at the chunk's start; empty where none is.
    let isRelative: [Bool]

    private static let steps = (
        before: [
            "rename_observations_processor", "to_batch_processor", "relative_actions_processor",
            "normalizer_processor", "pi0_fast_prepare_state_tokenizer_processor_step", "tokenizer_processor",
            "action_tokenizer_processor", "device_processor",
        ],
        after: ["unnormalizer_processor", "absolute_actions_processor", "device_processor"]
    )

    /// Reads `policy_preprocessor.json` and `policy_postprocessor.json` of `folder`, and the statistics that they name.
    ///
    /// - Throws: `PretrainedError` that names the file and the field.
    init(of folder: URL, _ configuration: PI0FASTConfiguration) throws {
        let before = try Self.read("policy_preprocessor.json", of: folder, Self.steps.before)
        let after = try Self.read("policy_postprocessor.json", of: folder, Self.steps.after)
        let normalizer = try before.step("normalizer_processor")
        if normalizer.configuration.has("normalize_observation_keys") {
            throw normalizer.configuration.error(
                "normalize_observation_keys",
                expected: "absent, so that states are normalised",
                found: "a list"
            )
        }
        let visual = try normalizer.configuration.object("norm_map")?.text("VISUAL") ?? "IDENTITY"
        guard visual == "IDENTITY" else {
            throw normalizer.configuration.error("norm_map.VISUAL", expected: "IDENTITY", found: visual)
        }
        state = try LeRobotNormalization(
            normalizer.configuration,
            feature: PI0FASTConfiguration.stateName,
            type: "STATE",
            columns: configuration.stateDimension,
            statistics: normalizer.statistics
        )
        let unnormalizer = try after.step("unnormalizer_processor")
        action = try LeRobotNormalization(
            unnormalizer.configuration,
            feature: PI0FASTConfiguration.actionName,
            type: "ACTION",
            columns: configuration.actionDimension,
            statistics: unnormalizer.statistics
        )
        let renames = try before.steps["rename_observations_processor"]?.configuration.object("rename_map")
        var robotNames: [String: String] = [:]
        for name in renames?.keys ?? [] { robotNames[try renames?.text(name) ?? name] = name }
        self.robotNames = robotNames
        isRelative = try Self.relativeColumns(before, after, configuration)
    }

    private static func relativeColumns(
        _ before: Pipeline,
        _ after: Pipeline,
        _ configuration: PI0FASTConfiguration
    ) throws -> [Bool] {
        let relative = before.steps["relative_actions_processor"]?.configuration
        let absolute = after.steps["absolute_actions_processor"]?.configuration
        let isEnabled = try relative?.flag("enabled", default: false) ?? false
        let isUndone = try absolute?.flag("enabled", default: false) ?? false
        guard isEnabled == isUndone else {
            throw after.error(
                "'enabled' should be \(isEnabled), as in the other processor, found \(isUndone)"
            )
        }
        guard isEnabled, let relative else { return [] }
        let count = configuration.actionDimension
        guard configuration.stateDimension >= count else {
            throw relative.error(
                "enabled",
                expected:
                    "false, as the state has \(configuration.stateDimension) values and actions \(count)",
                found: "true"
            )
        }
        let excluded = try (relative.texts("exclude_joints") ?? []).map { $0.lowercased() }.filter {
            !$0.isEmpty
        }
        let names = try relative.texts("action_names")?.map { $0.lowercased() } ?? []
        return (0 ..< count).map { column in
            !(names.indices.contains(column) && excluded.contains { names[column].contains($0) })
        }
    }
}

extension LeRobotProcessors {
    /// The steps of a processor's file.
    private struct Pipeline {
        struct Step {
            let configuration: PublishedConfiguration
            let statistics: URL?
        }

        let file: URL
        let steps: [String: Step]

        func step(_ name: String) throws(PretrainedError) -> Step {
            guard let step = steps[name] else { throw error("should have a step '\(name)'") }
            return step
        }

        func error(_ reason: String) -> PretrainedError { PretrainedError(file: file.path, reason: reason) }
    }

    private static func read(_ name: String, of folder: URL, _ known: [String]) throws(PretrainedError)
        -> Pipeline
    {
        let file = folder.appending(path: name)
        let document = try PublishedConfiguration(reading: file)
        var steps: [String: Pipeline.Step] = [:]
        for entry in try document.objects("steps") ?? [] {
            let names = (try entry.text("registry_name"), try entry.text("class"))
            let kind = names.0 ?? names.1 ?? ""
            guard known.contains(kind) else {
                throw entry.error(
                    "registry_name",
                    expected: "one of \(known.joined(separator: ", "))",
                    found: "'\(kind)'"
                )
            }
            guard let configuration = try entry.object("config") else {
                throw entry.error("config", expected: "an object", found: "nothing")
            }
            let statistics = try entry.text("state_file")
            steps[kind] = Pipeline.Step(
                configuration: configuration,
                statistics: statistics.map { folder.appending(path: $0) }
            )
        }
        return Pipeline(file: file, steps: steps)
    }
}
