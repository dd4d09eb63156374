internal import Torch

/// Places from -1 to 1 told by waves, each half as long as the one before: near places are told alike.
enum Octaves {
    /// Centres of `count` cells that fill -1 to 1, `[count]`.
    static func centres(of count: Int, device: Device) -> Tensor {
        (Tensor.arange(0 ..< count, dtype: .float32, device: device) * 2.0 + 1.0) / Double(count) - 1.0
    }

    /// Sine and cosine of every one of `count` waves at `places`, each of their shape; the longest waves first.
    static func waves(at places: Tensor, count: Int) -> [(sine: Tensor, cosine: Tensor)] {
        (0 ..< count).map { octave in
            let angle = places * (Double.pi / 2 * Double(1 << octave))
            return (angle.sin(), angle.cos())
        }
    }

    /// All waves at `places`, `[..., n]`, side by side: `[..., 2 · count · n]`.
    static func channels(of places: Tensor, count: Int) -> Tensor {
        let waves = waves(at: places, count: count).flatMap { [$0.sine, $0.cosine] }
        return .concatenated(waves, axis: places.shape.count - 1)
    }
}
