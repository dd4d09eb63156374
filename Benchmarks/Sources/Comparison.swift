import Foundation

/// Something whose time is taken.
struct Contestant {
    /// Name in the table.
    let name: String

    /// Takes a turn and returns the seconds of one call, chunk, frame or step.
    let seconds: () throws -> Double

    /// A peer or anything else that takes the time itself.
    init(_ name: String, seconds: @escaping () throws -> Double) {
        self.name = name
        self.seconds = seconds
    }

    /// Calls `body`, which handles `items` items, until `least` seconds have passed.
    init(_ name: String, items: Int = 1, least: Double, _ body: @escaping () throws -> Void) {
        self.init(name) {
            let clock = ContinuousClock()
            let start = clock.now
            var (done, elapsed) = (0, 0.0)
            while elapsed < least {
                try body()
                done += items
                elapsed = (clock.now - start) / .seconds(1)
            }
            return elapsed / Double(done)
        }
    }
}

/// Quantity that a table shows.
enum Figure {
    /// Milliseconds of one call: less is better.
    case milliseconds
    /// So many of these a second: more is better.
    case rate(of: String)

    var name: String {
        switch self {
        case .milliseconds: "ms"
        case .rate(let items): "\(items)/s"
        }
    }

    func value(_ seconds: Double) -> Double {
        switch self {
        case .milliseconds: seconds * 1000
        case .rate: 1 / seconds
        }
    }
}

/// Median and quartiles of the rounds: between the quartiles lies the middle half of them.
struct Spread: Encodable {
    let median: Double
    let lowerQuartile: Double
    let upperQuartile: Double

    init(_ values: [Double]) {
        let sorted = values.sorted()
        func quantile(_ fraction: Double) -> Double {
            let rank = fraction * Double(sorted.count - 1)
            let (low, high) = (sorted[Int(rank)], sorted[Int(rank.rounded(.up))])
            return low + (high - low) * (rank - rank.rounded(.down))
        }
        (lowerQuartile, median, upperQuartile) = (quantile(0.25), quantile(0.5), quantile(0.75))
    }
}

/// One table: contestants that had their turns in the same rounds.
struct Comparison: Encodable {
    /// One contestant.
    struct Row: Encodable {
        let name: String
        let spread: Spread
    }

    /// One contestant's numbers divided by another's, round by round, so that what slows a whole round cancels.
    struct Ratio: Encodable {
        let name: String
        let spread: Spread
        let target: String?
    }

    /// Title of the table.
    let title: String
    /// Remarks that a reader of the numbers needs.
    var notes: [String]
    /// Unit of the rows.
    let unit: String
    let rows: [Row]
    private(set) var ratios: [Ratio] = []

    private let values: [[Double]]

    private enum CodingKeys: String, CodingKey { case title, notes, unit, rows, ratios }

    /// Gives every contestant a turn a round, one round to warm up first.
    init(_ title: String, notes: [String] = [], unit: Figure, rounds: Int, _ contestants: [Contestant]) throws
    {
        var values = contestants.map { _ in [Double]() }
        for round in 0 ... rounds {
            for index in contestants.indices {
                let turn = (index + round) % contestants.count
                let seconds = try contestants[turn].seconds()
                if round > 0 { values[turn].append(unit.value(seconds)) }
            }
        }
        self.title = title
        self.notes = notes
        self.unit = unit.name
        self.values = values
        rows = zip(contestants, values).map { Row(name: $0.name, spread: Spread($1)) }
    }

    /// The same with the ratio of two rows, by their numbers.
    func ratio(_ first: Int, to second: Int, target: String? = nil) -> Comparison {
        var result = self
        result.ratios.append(
            Ratio(
                name: "\(rows[first].name) / \(rows[second].name)",
                spread: Spread(zip(values[first], values[second]).map { $0 / $1 }),
                target: target
            )
        )
        return result
    }
}
