internal import Foundation

/// Policies beside each other on the same episodes, as one page.
public struct PolicyComparisonReport: Sendable {
    /// One policy, or several trainings of one.
    public struct Row: Sendable {
        /// Name of the policy.
        public var name: String

        /// Success over all trainings.
        public var success: RunReport.Rate

        /// Success of every training, in `0 ... 1`.
        public var trainings: [Double]

        /// Success less that of the first row, and its interval; nil for the first.
        public var difference: (value: Double, low: Double, high: Double)?

        /// The tasks, in the order of the table; empty for the first row.
        public var tasks: [Task]

        /// Median round trip of a request, milliseconds.
        public var latency: Double?

        /// Mean jerk of executed actions, in their units.
        public var jerk: Double?

        /// A row of the page.
        public init(
            name: String,
            success: RunReport.Rate,
            trainings: [Double],
            difference: (value: Double, low: Double, high: Double)?,
            tasks: [Task] = [],
            latency: Double?,
            jerk: Double? = nil
        ) {
            self.name = name
            self.success = success
            self.trainings = trainings
            self.difference = difference
            self.tasks = tasks
            self.latency = latency
            self.jerk = jerk
        }
    }

    /// A task of a policy beside the first row's.
    public struct Task: Sendable {
        /// The simulator's name of the task.
        public var name: String

        /// Number of its scenes.
        public var scenes: Int

        /// Success of the first row, in `0 ... 1`.
        public var baseline: Double

        /// Success of the policy.
        public var success: Double

        /// ``success`` less ``baseline``, and its interval.
        public var difference: (value: Double, low: Double, high: Double)

        /// A row of the table of tasks.
        public init(
            name: String,
            scenes: Int,
            baseline: Double,
            success: Double,
            difference: (value: Double, low: Double, high: Double)
        ) {
            (self.name, self.scenes) = (name, scenes)
            (self.baseline, self.success, self.difference) = (baseline, success, difference)
        }
    }

    let rows: [Row]

    /// A page of `rows`, the first of which the others are compared with.
    public init(rows: [Row]) { self.rows = rows }

    /// The page, which needs no other file and no network.
    public var html: String {
        let episodes = rows.first?.success.episodes ?? 0
        return Page(
            title: "Policies on the same episodes",
            subtitle:
                "\(rows.count) policies, \(episodes) scenes each. Intervals are 95 %: of single trainings Wilson's and, for "
                + "differences, Newcombe's; where there are several trainings, a bootstrap over trainings and scenes. "
                + "Differences are paired, scene by scene.",
            keyFigures: [],
            sections: [
                .init(anchor: "success", title: "Success", introduction: introduction, body: chart),
                .init(anchor: "numbers", title: "Numbers", body: table),
                .init(
                    anchor: "tasks",
                    title: "Tasks",
                    introduction:
                        "Task by task, the largest loss first. One interval in twenty misses by chance.",
                    body: taskTables
                ),
            ]
        ).html
    }

    private var introduction: String {
        "Every dot is a success rate, every line its 95 % interval."
            + (rows.contains { $0.trainings.count > 1 } ? " Hollow dots are single trainings." : "")
    }

    private var chart: String {
        let (left, right, height) = (120.0, 340.0, 26.0)
        var svg = SVG(
            width: 356,
            height: Double(rows.count) * height + 44,
            description: "Success rate of every policy, with its interval"
        )
        let x = Scale([0, 100], from: left, to: right)
        let bottom = 20 + Double(rows.count) * height
        for tick in stride(from: 0.0, through: 100, by: 25) {
            svg.line(x(tick), 14, x(tick), bottom, style: "grid")
            svg.text(
                tick.fixed(0) + (tick == 100 ? " %" : ""),
                x: x(tick),
                y: bottom + 16,
                anchor: .middle,
                style: "tick"
            )
        }
        for (index, row) in rows.enumerated() {
            let y = 20 + (Double(index) + 0.5) * height
            svg.text(row.name.shortened(to: 16), x: 4, y: y + 4, style: "row")
            svg.line(x(100 * row.success.low), y, x(100 * row.success.high), y, style: "interval c0")
            for training in row.trainings where row.trainings.count > 1 {
                svg.circle(
                    x: x(100 * training),
                    y: y + 8,
                    radius: 2.4,
                    style: "hollow muted",
                    tooltip: "\(row.name), one training: \(training.percent)"
                )
            }
            svg.circle(
                x: x(100 * row.success.fraction),
                y: y,
                radius: 4.6,
                style: "dot c0",
                tooltip: "\(row.name): \(row.success.text)"
            )
        }
        return "<figure class=\"chart\">\(svg.markup)</figure>"
    }

    private var table: String {
        let fastest = rows.compactMap(\.latency).min()
        let best = rows.map(\.success.fraction).max()
        let first = rows.first?.latency
        return Table(
            caption:
                "Success, paired difference to the first row, round trip of a request, also as a multiple of the first "
                + "row's, and jerk: mean norm of the second difference of executed actions, without gripper columns.",
            header: ["policy", "success", "difference", "median latency", "multiple", "jerk"],
            rows: rows.map { row in
                let difference = row.difference.map(Self.points)
                return [
                    .init(
                        text: row.name,
                        note: row.trainings.count > 1 ? "\(row.trainings.count) trainings" : ""
                    ),
                    .init(text: row.success.text, isBest: row.success.fraction == best),
                    .init(text: difference ?? "–"),
                    .init(
                        text: row.latency.map { "\($0.fixed(1)) ms" } ?? "–",
                        isBest: row.latency != nil && row.latency == fastest
                    ),
                    .init(text: row.latency.flatMap { own in first.map { (own / $0).fixed(2) } } ?? "–"),
                    .init(text: row.jerk.map { $0.fixed(3) } ?? "–"),
                ]
            }
        ).markup
    }
}
