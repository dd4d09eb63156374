internal import Foundation
public import NN
internal import Torch

// Axes in this file
//   B  batch      T  horizon      D  columns of an action

/// Noisy actions in, the direction from actions to noise out (flow matching, as in pi-0, arXiv 2410.24164).
public struct FlowHead: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Control steps of a chunk.
        public var horizon: Int

        /// Columns of an action.
        public var dimension: Int

        /// Euler steps from noise to actions.
        public var steps = 10

        /// Describes a head for chunks of `horizon` actions of `dimension` columns.
        public init(horizon: Int, dimension: Int) {
            self.horizon = horizon
            self.dimension = dimension
        }
    }

    /// The architecture.
    public let configuration: Configuration

    private let actions: Linear
    private let time: FeedForward
    private let output: Linear
    private let width: Int

    init(_ configuration: Configuration, width: Int, device: Device) {
        self.configuration = configuration
        self.width = width
        actions = Linear(configuration.dimension, width, device: device)
        time = FeedForward(width, hidden: width, device: device)
        output = Linear(width, configuration.dimension, gain: 0.1, device: device)
    }

    /// What the slots are fed, one an action.
    ///
    /// - Parameters:
    ///   - noisy: `[B, T, D]`.
    ///   - time: 1 for noise, 0 for actions, `[B]`.
    /// - Returns: `[B, T, width]`.
    func inputs(_ noisy: Tensor, time: Tensor) -> Tensor {
        actions(noisy) + self.time(sinusoids(of: time)).unsqueezed(1)
    }

    /// Noise minus actions, as the features tell it: `[B, T, width]` to `[B, T, D]`.
    func direction(_ features: Tensor) -> Tensor { output(features) }

    /// `time`, `[B]`, in waves of periods from 0.004 to 4, as in pi-0: `[B, width]`.
    private func sinusoids(of time: Tensor) -> Tensor {
        let half = width / 2
        let frequencies = (0 ..< half).map { index in
            Float(2 * Double.pi / (4e-3 * pow(1000, Double(index) / Double(max(1, half - 1)))))
        }
        let angles = time.unsqueezed(1) * Tensor(frequencies, shape: [1, half], device: time.device)
        return Tensor.concatenated([angles.sin(), angles.cos()], axis: 1)
    }
}
