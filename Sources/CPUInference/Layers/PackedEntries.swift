internal import CKernels

/// Vectors among which the nearest is looked for.
public struct PackedEntries: Sendable {
    /// Number of entries.
    public let count: Int

    /// Numbers of each.
    public let width: Int

    private let values: [Float]
    private let panels: [Float]
    private let lengths: [Float]

    /// Packs `entries`.
    public init(_ entries: Rows) {
        (count, width, values) = (entries.count, entries.width, entries.values)
        let (width, values) = (width, values)
        panels = PackedLinear.panels(count: count, width: width) { entry, channel in
            values[entry * width + channel]
        }
        let filled = (count + PackedLinear.panel - 1) / PackedLinear.panel * PackedLinear.panel
        lengths = (0 ..< filled).map { entry in
            guard entry < values.count / width else { return .infinity }
            return values[entry * width ..< (entry + 1) * width].reduce(0) { $0 + $1 * $1 } / 2
        }
    }

    /// The entry nearest to `row` of `x`.
    public func nearest(to row: Int, of x: Rows) -> Int {
        precondition(x.width == width, "vectors of another length")
        return x.values.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return 0 }
            return kernel_nearest(x + row * width, width, panels, lengths, count)
        }
    }

    /// The numbers of an entry, for the duration of `body`.
    public func withEntry(_ entry: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        values.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[entry * width ..< (entry + 1) * width]))
        }
    }

    /// Adds `factor` times an entry to `row` of `y`.
    public func add(_ entry: Int, times factor: Float = 1, toRow row: Int, of y: inout Rows) {
        for channel in 0 ..< width {
            y.values[row * width + channel] += factor * values[entry * width + channel]
        }
    }
}
