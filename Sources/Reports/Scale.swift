import Foundation

/// A map from values to positions on one axis, with the ticks a reader expects.
struct Scale {
    /// Lowest and highest value of the axis.
    let domain: ClosedRange<Double>
    /// Values that carry a tick.
    let ticks: [Double]

    private let start: Double
    private let end: Double
    private let isLogarithmic: Bool

    /// An axis through all usable `values`, drawn from `start` to `end`.
    ///
    /// With `isWidened` the axis begins and ends on a tick. An axis without a usable value shows 0...1.
    init(
        _ values: some Sequence<Double>,
        from start: Double,
        to end: Double,
        isLogarithmic: Bool = false,
        isWidened: Bool = true,
        tickCount: Int = 5
    ) {
        self.start = start
        self.end = end
        self.isLogarithmic = isLogarithmic
        let usable = values.filter { Scale.accepts($0, isLogarithmic: isLogarithmic) }
        let extent = Scale.extent(of: usable, isLogarithmic: isLogarithmic)
        if isLogarithmic {
            (domain, ticks) = Scale.logarithmicTicks(extent)
        } else {
            (domain, ticks) = Scale.linearTicks(extent, isWidened: isWidened, count: max(2, tickCount))
        }
    }

    /// Returns true if the axis can show `value`.
    func accepts(_ value: Double) -> Bool {
        Scale.accepts(value, isLogarithmic: isLogarithmic)
    }

    /// Coordinate of `value`; outside the axis for values outside its domain.
    func callAsFunction(_ value: Double) -> Double {
        let low = isLogarithmic ? log10(domain.lowerBound) : domain.lowerBound
        let high = isLogarithmic ? log10(domain.upperBound) : domain.upperBound
        let position = isLogarithmic ? log10(max(value, 1e-100)) : value
        return start + (position - low) / (high - low) * (end - start)
    }

    /// The text of a tick.
    func label(_ tick: Double) -> String {
        if tick == 0 { return "0" }
        if isLogarithmic || tick.magnitude >= 1e9 || domain.size < 1e-5 { return tick.readable.trimmed }
        if domain.size >= 20_000 {
            let (unit, suffix) = domain.size >= 2e6 ? (1e6, "M") : (1e3, "k")
            return (tick / unit).fixed(1).trimmed + suffix
        }
        let step = ticks.count > 1 ? ticks[1] - ticks[0] : tick.magnitude
        return tick.fixed(min(6, max(0, -Int((log10(step) + 1e-9).rounded(.down))) + 1)).trimmed
    }

    private static func accepts(_ value: Double, isLogarithmic: Bool) -> Bool {
        // Beyond 1e100 differences and squares would overflow; no quantity of a run is that large.
        value.isFinite && value.magnitude < 1e100 && (!isLogarithmic || value > 1e-100)
    }

    private static func extent(of values: [Double], isLogarithmic: Bool) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else {
            return isLogarithmic ? 0.1 ... 1 : 0 ... 1
        }
        if isLogarithmic { return low ... high }
        // A flat line gets room above and below; so does one whose steps are lost in rounding.
        let smallest = max(low.magnitude, high.magnitude) * 1e-6
        guard high - low <= smallest else { return low ... high }
        let room = low == 0 && high == 0 ? 0.5 : max(low.magnitude, high.magnitude) * 0.1
        return low - room ... high + room
    }

    private static func linearTicks(
        _ extent: ClosedRange<Double>,
        isWidened: Bool,
        count: Int
    ) -> (ClosedRange<Double>, [Double]) {
        let step = niceStep(extent.size / Double(count))
        let slack = 1e-9
        let first = extent.lowerBound / step
        let last = extent.upperBound / step
        let begin = isWidened ? (first + slack).rounded(.down) : (first - slack).rounded(.up)
        let finish = isWidened ? (last - slack).rounded(.up) : (last + slack).rounded(.down)
        let ticks = stride(from: begin, through: max(begin, finish), by: 1).map { $0 * step }
        guard isWidened, let low = ticks.first, let high = ticks.last, high > low else {
            return (extent, ticks)
        }
        return (low ... high, ticks)
    }

    private static func niceStep(_ raw: Double) -> Double {
        let power = pow(10, log10(raw).rounded(.down))
        let mantissa = [1, 2, 2.5, 5].first { $0 * power >= raw * 0.999 } ?? 10
        return mantissa * power
    }

    /// Ticks at 1, 2 and 5 of every decade, or only at powers of ten where there are many decades.
    private static func logarithmicTicks(_ extent: ClosedRange<Double>) -> (ClosedRange<Double>, [Double]) {
        let first = Int(log10(extent.lowerBound).rounded(.down))
        let last = Int(log10(extent.upperBound).rounded(.up))
        let decades = max(1, last - first)
        if decades > 2 {
            let step = (decades + 4) / 5
            let ticks = stride(from: first, through: first + (decades + step - 1) / step * step, by: step)
                .map { pow(10, Double($0)) }
            return (ticks[0] ... ticks[ticks.count - 1], ticks)
        }
        let candidates = (first ... first + decades + 1).flatMap { power in
            [1, 2, 5].map { $0 * pow(10, Double(power)) }
        }
        let slack = 1 + 1e-9
        let low = candidates.last { $0 <= extent.lowerBound * slack } ?? candidates[0]
        let high = candidates.first { $0 * slack >= extent.upperBound && $0 > low } ?? candidates[3]
        return (low ... high, candidates.filter { $0 >= low && $0 <= high })
    }
}

extension ClosedRange<Double> {
    /// The distance between the ends.
    var size: Double { upperBound - lowerBound }
}

extension String {
    /// The number without zeros at the end of its decimals.
    fileprivate var trimmed: String {
        guard contains("."), !contains("·") else { return self }
        var text = self[...]
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }
}
