internal import Torch

/// Fourier features of positions from -1 to 1: sines and cosines of frequencies that double (arXiv 2006.10739).
enum FourierFeatures {
    /// Centres of `count` cells that fill -1 to 1, `[count]`.
    static func centres(of count: Int, device: Device) -> Tensor {
        (Tensor.arange(0 ..< count, dtype: .float32, device: device) * 2.0 + 1.0) / Double(count) - 1.0
    }

    /// Sine and cosine of `positions` at each of `count` frequencies, lowest first, each of the shape of `positions`.
    static func components(of positions: Tensor, count: Int) -> [(sine: Tensor, cosine: Tensor)] {
        (0 ..< count).map { index in
            let angle = positions * (Double.pi / 2 * Double(1 << index))
            return (angle.sin(), angle.cos())
        }
    }

    /// Features of `positions`, `[..., n]`, side by side: `[..., 2 · count · n]`.
    static func features(of positions: Tensor, count: Int) -> Tensor {
        let features = components(of: positions, count: count).flatMap { [$0.sine, $0.cosine] }
        return .concatenated(features, axis: positions.shape.count - 1)
    }
}
