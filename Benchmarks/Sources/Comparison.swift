import Foundation
import Torch

/// Cost of one call, chunk, frame or step of a contestant.
struct Turn {
    /// Seconds on the clock.
    var seconds: Double

    /// Seconds of all threads of the process on a core; nil where they were not taken.
    var processorSeconds: Double?
}

/// Something whose time is taken.
struct Contestant {
    /// Name in the table.
    let name: String

    /// Products of one call; nil where they are not counted.
    let work: ProductCount?

    /// Takes a turn.
    let turn: () throws -> Turn

    /// A peer or anything else that takes the time itself.
    init(_ name: String, work: ProductCount? = nil, turn: @escaping () throws -> Turn) {
        (self.name, self.work, self.turn) = (name, work, turn)
    }

    /// Anything else that takes the seconds of one call itself.
    init(_ name: String, seconds: @escaping () throws -> Double) {
        self.init(name) { Turn(seconds: try seconds()) }
    }

    /// Calls `body`, which handles `items` items, until `least` seconds have passed.
    init(
        _ name: String,
        items: Int = 1,
        least: Double,
        work: ProductCount? = nil,
        _ body: @escaping () throws -> Void
    ) {
        self.init(name, work: work) {
            let clock = ContinuousClock()
            let (start, processorStart) = (clock.now, Processor.used)
            var (done, elapsed) = (0, 0.0)
            while elapsed < least {
                try body()
                done += items
                elapsed = (clock.now - start) / .seconds(1)
            }
            return Turn(
                seconds: elapsed / Double(done),
                processorSeconds: (Processor.used - processorStart) / Double(done)
            )
        }
    }
}

/// Quantity that a table shows.
enum Figure {
    /// Milliseconds of one call: less is better.
    case milliseconds
    /// So many of these a second: more is better.
    case rate(of: String)
    /// Mebibytes of a peak of memory, of which a turn returns the bytes: less is better.
    case mebibytes

    var name: String {
        switch self {
        case .milliseconds: "ms"
        case .rate(let items): "\(items)/s"
        case .mebibytes: "MiB"
        }
    }

    func value(_ seconds: Double) -> Double {
        switch self {
        case .milliseconds: seconds * 1000
        case .rate: 1 / seconds
        case .mebibytes: seconds / 1_048_576
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
        /// The figure by processor time; nil where it was not taken.
        let processor: Spread?
        /// Its products beside the limits of the machine; nil where they are not counted.
        let efficiency: Roofline.Efficiency?
    }

    /// One contestant's numbers divided by another's, round by round, so that what slows a whole round cancels.
    struct Ratio: Encodable {
        let name: String
        let spread: Spread
        /// By processor time; nil where it was not taken of both.
        let processor: Spread?
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
    private let processorValues: [[Double]?]

    private enum CodingKeys: String, CodingKey { case title, notes, unit, rows, ratios }

    /// Gives every contestant a turn a round, one round to warm up first.
    ///
    /// With counted products, the machine's limits in `dtype` are measured in the same rounds.
    init(
        _ title: String,
        notes: [String] = [],
        unit: Figure,
        rounds: Int,
        dtype: DType = .float32,
        _ contestants: [Contestant]
    ) throws {
        var turns = contestants.map { _ in [Turn]() }
        let roofline = contestants.contains { $0.work != nil } ? Roofline(dtype) : nil
        for round in 0 ... rounds {
            for index in contestants.indices {
                let turn = (index + round) % contestants.count
                let taken = try contestants[turn].turn()
                if round > 0 { turns[turn].append(taken) }
            }
            roofline?.measure(counts: round > 0)
        }
        self.title = title
        self.notes = notes + (roofline.map { [$0.note] } ?? [])
        self.unit = unit.name
        let values = turns.map { $0.map { unit.value($0.seconds) } }
        let processorValues = turns.map { turns -> [Double]? in
            let times = turns.compactMap(\.processorSeconds)
            return times.count == turns.count ? times.map(unit.value) : nil
        }
        (self.values, self.processorValues) = (values, processorValues)
        rows = contestants.indices.map { index in
            let times = turns[index].map { $0.processorSeconds ?? $0.seconds }
            return Row(
                name: contestants[index].name,
                spread: Spread(values[index]),
                processor: processorValues[index].map(Spread.init),
                efficiency: contestants[index].work.flatMap { work in
                    roofline?.efficiency(of: work, seconds: Spread(times).median)
                }
            )
        }
    }

    /// The same with the ratio of two rows, by their numbers.
    func ratio(_ first: Int, to second: Int, target: String? = nil) -> Comparison {
        func quotients(_ values: [Double], _ others: [Double]) -> Spread {
            Spread(zip(values, others).map { $0 / $1 })
        }
        var processor: Spread?
        if let own = processorValues[first], let other = processorValues[second] {
            processor = quotients(own, other)
        }
        var result = self
        result.ratios.append(
            Ratio(
                name: "\(rows[first].name) / \(rows[second].name)",
                spread: quotients(values[first], values[second]),
                processor: processor,
                target: target
            )
        )
        return result
    }
}
