public import Torch

// Axes in this file
//   B  batch      L  slots of this forward      S  prefix tokens

/// One forward of a few suffix slots on top of a prefix: the action expert, or the backbone itself.
public protocol SuffixDecoder: Sendable {
    /// Features of suffix slots.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, `[B or 1, L]`, or `[sections, B, L]`.
    ///   - cache: Keys and values of the prefix and of earlier slots; those of these slots are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    /// - Returns: Normalized features, `[B, L, width]`.
    func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?) -> Tensor

    /// The layers that it consists of; nil for one that does not consist of ``TransformerLayer``s.
    var stack: DecoderStack? { get }
}
