internal import Backbones
internal import FASTerVLA
internal import Torch

/// A batch, or a part of one, on its way to the device: it is copied while the step before is computed.
struct LoadedBatch: Sendable {
    /// The examples in host memory.
    let batch: PolicyBatch

    /// The tensors, and the end of their copying; nil where the host computes, whose threads the step needs.
    private let copy: (input: PrefixInput, targets: ActionTargets, end: StreamEvent?)?

    /// Starts to copy `batch` to `device`, by `stream` where it has streams.
    init(_ batch: PolicyBatch, on device: Device, by stream: SideStream?) {
        self.batch = batch
        func copied() -> (input: PrefixInput, targets: ActionTargets, end: StreamEvent?) {
            (batch.input(on: device), batch.targets(on: device), StreamEvent(on: device))
        }
        copy = device == .cpu ? nil : stream?.run(copied) ?? copied()
    }

    /// The observations on `device`, as the backbone reads them; the host does not wait for them.
    func input(on device: Device) -> PrefixInput {
        guard let copy else { return batch.input(on: device) }
        receive(copy.input.tensors, at: copy.end)
        return copy.input
    }

    /// The actions on `device`, as the head is trained on them; the host does not wait for them.
    func targets(on device: Device) -> ActionTargets {
        guard let copy else { return batch.targets(on: device) }
        receive(copy.targets.tensors, at: copy.end)
        return copy.targets
    }

    /// Lets this thread's stream wait for the copies of `tensors`, and keep their memory while it uses them.
    private func receive(_ tensors: [Tensor], at end: StreamEvent?) {
        guard let end else { return }
        end.wait()
        for tensor in tensors { tensor.useOnCurrentStream() }
    }
}
