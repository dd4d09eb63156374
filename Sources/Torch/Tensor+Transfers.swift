internal import CTorch

// The two ways between the host's memory and a device: every number that a device computes with, and every one that is read
// of its results, takes one of them.

private enum Transfer {
    static let toDevice = Operator("aten::to", "device")
}

extension Tensor {
    /// True if the elements are in the host's memory.
    public var isOnHost: Bool { withHandle { torch_is_on_cpu($0) } }

    /// The same elements on another device.
    ///
    /// A copy to a GPU does not wait for it; one to the host waits until the elements are computed.
    public func to(_ device: Device) -> Tensor {
        if device == .cpu { return onHost() }
        TransferLog.note(from: self, to: device)
        guard isOnHost, !requiresGradient else {
            return Transfer.toDevice(.tensor(self), .device(device), .dtype(dtype))
        }
        return Tensor(adopting: withHandle { torch_upload($0, device.description) }, from: "to \(device)")
    }

    /// The elements in the host's memory: zeros for those of the meta device, within ``listingTransfers(_:)``.
    func onHost() -> Tensor {
        guard !isOnHost else { return self }
        TransferLog.note(from: self, to: .cpu)
        guard TransferLog.current == nil || device != .meta else { return .zeros(shape, dtype: dtype) }
        return Transfer.toDevice(.tensor(self), .device(.cpu), .dtype(dtype))
    }
}

/// Copies between the host and a device, in their order.
public final class TransferLog: @unchecked Sendable {
    /// Descriptions of the tensors that the host read, for example `int64[1, 15] on cuda:0`: for each it waited.
    public private(set) var reads: [String] = []

    /// Descriptions of the tensors that were copied to the device.
    public private(set) var uploads: [String] = []

    /// The log of ``listingTransfers(_:)``.
    @TaskLocal static var current: TransferLog?

    /// Notes the copy of `source` to `device`, if it moves.
    static func note(from source: Tensor, to device: Device) {
        let isUpload = source.isOnHost
        guard isUpload != (device == .cpu), let current else { return }
        if isUpload { current.uploads.append("\(source)") } else { current.reads.append("\(source)") }
    }
}

/// Runs `body` and lists the copies between the host and other devices that it makes on this task.
///
/// Numbers of ``Device/meta`` are zeros where the host reads them.
public func listingTransfers<Result>(_ body: () throws -> Result) rethrows -> (
    result: Result, transfers: TransferLog
) {
    let log = TransferLog()
    return (try TransferLog.$current.withValue(log, operation: body), log)
}

/// Runs `body` and lists the copies between the host and other devices that it makes on this task.
///
/// Numbers of ``Device/meta`` are zeros where the host reads them.
public func listingTransfers<Result>(_ body: () async throws -> Result) async rethrows -> (
    result: Result, transfers: TransferLog
) {
    let log = TransferLog()
    return (try await TransferLog.$current.withValue(log, operation: body), log)
}
