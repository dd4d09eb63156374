internal import Foundation
internal import LeRobot
internal import RobotTypes

extension Demonstrations {
    /// The same dataset with chunks that last `seconds` in `horizon` steps, whatever its rate.
    ///
    /// Targets and velocities are interpolated, changes are added up. A dataset of that rate stays as it is.
    public func spanning(seconds: Double, in horizon: Int) -> Demonstrations {
        let (own, wanted) = (dataset.info.fps, Double(horizon) / seconds)
        guard abs(own - wanted) > 1e-9 * wanted else { return self }
        var result = self
        var transform = transform ?? ActionTransform(stateDimension: stateDimension, parts: [])
        transform.resampling = ActionResampling(robotRate: own, modelRate: wanted, changes: changeColumns)
        result.transform = transform
        return result
    }

    /// The duration of chunks of `horizon` steps and what is done to their columns, in a sentence.
    public func durationLine(horizon: Int) -> String {
        let rate = dataset.info.fps
        func text(_ value: Double) -> String {
            value.formatted(.number.precision(.significantDigits(1 ... 4)).grouping(.never))
        }
        guard let resampling = transform?.resampling else {
            return "a chunk is \(horizon) steps at \(text(rate)) Hz, \(text(Double(horizon) / rate)) s"
        }
        let steps = resampling.robotSteps(ofModel: horizon)
        let columns = resampling.changes
        let changes =
            columns.isEmpty
            ? "all columns interpolated"
            : "changes added up in columns \(columns.map(String.init).joined(separator: ", ")), others interpolated"
        return
            "a chunk is \(text(Double(steps) / rate)) s, \(steps) steps at \(text(rate)) Hz resampled to \(horizon): \(changes)"
    }

    /// Columns of changes from step to step, by the mapping's `mode` or the names of columns and groups.
    private var changeColumns: [Int] {
        let relative = transform?.parts.filter { $0.stateStart != nil } ?? []
        return actions.sources.indices.filter { column in
            // Only absolute actions become relative to a state.
            guard !relative.contains(where: { $0.start ..< $0.start + $0.count ~= column }) else {
                return false
            }
            let part = actions.parts.first { $0.columns.contains(column) }
            if let mode = mapping?.action.first(where: { $0.name == part?.name })?.mode {
                return mode == .delta
            }
            let group = actionSpace.groups.first { $0.columns.contains(column) }?.name ?? ""
            let names = [actions.sources[column].name, group]
            return names.contains(where: ActionPadding.isRelative) && !names.contains(where: Self.isVelocity)
        }
    }

    /// Returns true if the name of a column or group says that it holds velocities.
    private static func isVelocity(_ name: String) -> Bool {
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
        return name.lowercased().contains("veloc")
            || words.contains { word in
                ["vel", "vels", "speed", "twist", "omega", "vtheta", "vyaw"].contains(word)
                    || (word.count == 2 && ["v", "w"].contains(word.first))
            }
    }
}
