internal import Torch

/// The number format of matrix products during training.
struct MixedPrecision {
    /// The format to cast to, or nil for none.
    let dtype: DType?

    init(_ name: String, device: Device) throws(RecipeError) {
        switch name {
        case "auto": dtype = device.hasFastBFloat16 ? .bfloat16 : nil
        case "bfloat16": dtype = .bfloat16
        case "float32": dtype = nil
        default:
            throw RecipeError(
                source: "recipe",
                reason: "'precision' should be auto, float32 or bfloat16, found '\(name)'"
            )
        }
    }
}
