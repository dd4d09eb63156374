internal import Foundation

/// How many codes places have, of several places in one code.
///
/// A code of the first block holds as many places as leave it three values for each: none, one, or two and perhaps more; later
/// ones, for places that need many, leave eight. Fewer places have more values. That takes fewer codes than a mark at the end
/// of every place's: of an arm's five places, nine bits say all, most of the time.
struct CountCodes {
    /// Entries of a codebook: what a code may be.
    let size: Int

    /// Places whose counts are in one code.
    struct Group {
        /// The places.
        let places: [Int]
        /// Values of a place's count.
        let values: Int

        /// The largest count: so many, or more.
        var most: Int { values - 1 }

        /// Codes that there are.
        var size: Int { places.reduce(1) { size, _ in size * values } }

        /// The code of a count of every place, where those above ``most`` are as good as it.
        func code(of counts: [Int]) -> Int {
            counts.reversed().reduce(0) { $0 * values + min($1, most) }
        }

        /// The counts in a code.
        func counts(in code: Int) -> [Int] {
            var rest = code
            return places.map { _ in
                defer { rest /= values }
                return rest % values
            }
        }
    }

    /// Deals the `places` of a block, the first or a later one, out to as few codes as hold them, evenly.
    func groups(_ places: [Int], isFirst: Bool) -> [Group] {
        let most = max(1, Self.exponent(of: min(isFirst ? 3 : 8, size), upTo: size))
        let count = (places.count + most - 1) / most
        return (0 ..< count).map { index in
            let own = places[places.count * index / count ..< places.count * (index + 1) / count]
            return Group(places: Array(own), values: Self.root(own.count, of: size))
        }
    }

    /// The largest exponent for which the power of `base` is at most `limit`.
    private static func exponent(of base: Int, upTo limit: Int) -> Int {
        guard base > 1 else { return 1 }
        var (exponent, power) = (0, 1)
        while power <= limit / base {
            power *= base
            exponent += 1
        }
        return exponent
    }

    /// The largest number whose `degree`-th power is at most `limit`.
    private static func root(_ degree: Int, of limit: Int) -> Int {
        guard degree > 1 else { return limit }
        let near = Int(pow(Double(limit), 1 / Double(degree))) + 1
        return exponent(of: near, upTo: limit) >= degree ? near : near - 1
    }
}
