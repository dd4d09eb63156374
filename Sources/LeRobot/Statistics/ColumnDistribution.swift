/// Quantiles of a column of any length in bounded memory.
///
/// Values are counted in bins that are 1/4096 of their binary order wide. A bin knows its extremes, so that numbers that
/// occur in few distinct values, as a gripper's, have exact quantiles; others are off by at most 1/4096 of themselves.
struct ColumnDistribution {
    private struct Bin {
        var count = 0
        var least = Float.infinity
        var most = -Float.infinity
    }

    /// Bins of numbers with one sign and exponent.
    private static let binsPerOrder = 4096

    /// Bins by sign and exponent, in the order of the numbers; empty where there are none.
    private var orders = [[Bin]](repeating: [], count: 512)
    private var count = 0

    /// Counts a finite value.
    mutating func add(_ value: Float) {
        let bits = value.bitPattern
        // The larger pattern of two negative numbers is the smaller number.
        let key = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
        let order = Int(key >> 23)
        if orders[order].isEmpty {
            orders[order] = Array(repeating: Bin(), count: Self.binsPerOrder)
        }
        let bin = Int(key >> 11) & (Self.binsPerOrder - 1)
        orders[order][bin].count += 1
        orders[order][bin].least = min(orders[order][bin].least, value)
        orders[order][bin].most = max(orders[order][bin].most, value)
        count += 1
    }

    /// Quantiles at ascending levels, linear between neighbouring ranks.
    func quantiles(_ levels: [Double]) -> [Double] {
        guard count > 0 else { return levels.map { _ in 0 } }
        var quantiles: [Double] = []
        var before = 0
        for bin in orders.joined() where bin.count > 0 {
            while quantiles.count < levels.count {
                let rank = levels[quantiles.count] * Double(count - 1)
                guard rank < Double(before + bin.count) else { break }
                let fraction = bin.count > 1 ? min(1, (rank - Double(before)) / Double(bin.count - 1)) : 0
                quantiles.append(Double(bin.least) + Double(bin.most - bin.least) * max(0, fraction))
            }
            before += bin.count
        }
        return quantiles
    }
}
