public import RobotTypes
public import Torch

extension ActionChunks {
    /// The values, `[B, T, D]`.
    public func actions(on device: Device) -> Tensor {
        Tensor(values, shape: [count, horizon, dimension], device: device)
    }

    /// 1 where a step lies inside its episode, else 0, `[B, T]`.
    public func stepMask(on device: Device) -> Tensor {
        let steps = validSteps.flatMap { valid in (0 ..< horizon).map { Float($0 < valid ? 1 : 0) } }
        return Tensor(steps, shape: [count, horizon], device: device)
    }
}
