internal import CTorch

/// The processes of a distributed training, over libtorch's c10d: a TCP store where they meet, and Gloo or NCCL.
///
/// All of them call the same operations in the same order, as with `torch.distributed`.
public final class ProcessGroup: @unchecked Sendable {
    /// Position of this process, from 0.
    public let rank: Int

    /// Number of processes.
    public let size: Int

    /// Device of the tensors that are sent: the CPU with Gloo, a GPU with NCCL.
    let device: Device

    let group: OpaquePointer

    /// The first error of ``Tensor/averagedOverProcesses()``, which cannot throw.
    private var failure: ProcessGroupError?

    /// The group of ``withProcesses(_:_:)``.
    @TaskLocal static var current: ProcessGroup?

    /// Waits for the other processes.
    ///
    /// - Parameters:
    ///   - settings: This process's place.
    ///   - device: Device of the training. Elements travel between CUDA devices by NCCL, where the build has it, else between CPUs by
    ///     Gloo.
    ///   - timeout: Seconds to wait for the others.
    ///   - silence: Time without a sign of life after which a process has failed, as one that is stopped or whose network is gone; one
    ///     that ends is noticed at once. A process that works gives signs of life, however long it works. One that neither works nor
    ///     waits for the others for 20 times as long hangs: it ends itself.
    /// - Throws: ``ProcessGroupError``, which names the processes that have not come.
    public init(
        _ settings: Settings,
        device: Device = .cpu,
        timeout: Int = 300,
        silence: Duration = .seconds(30)
    ) throws(ProcessGroupError) {
        (rank, size) = (settings.rank, settings.size)
        self.device = device.type == "cuda" && torch_has_nccl() ? device : .cpu
        let group = torch_process_group(
            settings.address,
            Int32(settings.port),
            Int32(rank),
            Int32(size),
            settings.interface,
            self.device.description,
            Int32(timeout),
            Int32(silence / .milliseconds(1))
        )
        guard let group else {
            throw ProcessGroupError(
                "rank \(rank) cannot join \(size) processes at \(settings.address):\(settings.port)"
            )
        }
        self.group = group
    }

    deinit { torch_process_group_release(group) }

    /// Replaces the elements of `tensors`, of one type, by their sums over all processes.
    ///
    /// They go in pieces of about 25 MB, as in PyTorch's `DistributedDataParallel`.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func sum(_ tensors: [Tensor]) throws(ProcessGroupError) {
        for bucket in buckets(tensors) { try transfer(bucket) { torch_all_reduce_sum($0, $1) } }
    }

    /// Replaces the elements of `tensors` by those of rank 0.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func broadcast(_ tensors: [Tensor]) throws(ProcessGroupError) {
        for tensor in tensors { try transfer([tensor]) { torch_broadcast($0, $1) } }
    }

    /// The sums of numbers over all processes.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func sum(_ numbers: [Double]) throws(ProcessGroupError) -> [Double] {
        let tensor = Tensor(numbers, device: device)
        try sum([tensor])
        return tensor.values()
    }

    /// The bytes of all processes, in the order of ranks.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func gather(_ bytes: [UInt8]) throws(ProcessGroupError) -> [[UInt8]] {
        let counts = try sum((0 ..< size).map { $0 == rank ? Double(bytes.count) : 0 }).map { Int($0) }
        let longest = max(1, counts.max() ?? 0)
        let own = Tensor(bytes + [UInt8](repeating: 0, count: longest - bytes.count), device: device)
        let all = Tensor.empty([size, longest], dtype: .uint8, device: device)
        try gather(own, into: all)
        return counts.enumerated().map { rank, count in Array(all.select(0, rank).bytes.prefix(count)) }
    }

    /// Waits until all processes are here.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func barrier() throws(ProcessGroupError) { _ = try sum([0]) }

    private static let bucketBytes = 25 << 20

    func buckets(_ tensors: [Tensor]) -> [[Tensor]] {
        var buckets: [[Tensor]] = []
        var room = 0
        for tensor in tensors {
            let bytes = tensor.count * tensor.dtype.byteCount
            if bytes > room || buckets.isEmpty {
                buckets.append([])
                room = Self.bucketBytes
            }
            buckets[buckets.count - 1].append(tensor)
            room -= bytes
        }
        return buckets
    }

    /// Fills `all` with the elements of `own` of every process.
    func gather(_ own: Tensor, into all: Tensor) throws(ProcessGroupError) {
        let done = all.withHandle { all in own.withHandle { torch_all_gather(group, all, $0) } }
        guard done else { throw lost }
    }

    var lost: ProcessGroupError { ProcessGroupError("rank \(rank) of \(size) lost the others") }

    /// Sends tensors as one and copies the result back.
    private func transfer(
        _ tensors: [Tensor],
        _ operation: (OpaquePointer, OpaquePointer) -> Bool
    ) throws(ProcessGroupError) {
        let flat = withoutGradients {
            Tensor.concatenated(tensors.map { $0.detached().reshaped(-1) }, axis: 0).to(device)
        }
        guard flat.withHandle({ operation(group, $0) }) else {
            throw lost
        }
        withoutGradients {
            var start = 0
            for tensor in tensors {
                let part = flat.narrowed(0, from: start, count: tensor.count)
                tensor.copyInPlace(part.reshaped(tensor.shape))
                start += tensor.count
            }
        }
    }
}

/// Runs `body`, the loss of a process's share of a batch, so that ``Tensor/averagedOverProcesses()`` counts the whole batch.
///
/// - Throws: ``ProcessGroupError`` when a process is gone, and what `body` throws.
public func withProcesses<Result>(_ group: ProcessGroup?, _ body: () throws -> Result) throws -> Result {
    let result = try ProcessGroup.$current.withValue(group, operation: body)
    if let failure = group?.takeFailure() { throw failure }
    return result
}

extension ProcessGroup {
    fileprivate func takeFailure() -> ProcessGroupError? {
        defer { failure = nil }
        return failure
    }

    fileprivate func average(_ number: Tensor) -> Tensor {
        let copy = withoutGradients { number.detached() / Double(size) }
        attempt { () throws(ProcessGroupError) in try sum([copy]) }
        return copy
    }

    /// Keeps the first error for ``withProcesses(_:_:)``.
    func attempt(_ operation: () throws(ProcessGroupError) -> Void) {
        do throws(ProcessGroupError) { try operation() } catch { failure = failure ?? error }
    }
}

extension Tensor {
    /// The mean of a number of entries over the processes of a data-parallel step; the tensor itself in a single process.
    ///
    /// A loss that divides a sum by this number has a mean over the processes that is the loss of the whole batch, however the
    /// entries that count are spread.
    public func averagedOverProcesses() -> Tensor { ProcessGroup.current?.average(self) ?? self }
}

extension ProcessGroup {
    /// The place of a process in a group.
    public struct Settings: Equatable, Sendable {
        /// Position of the process, from 0.
        public var rank: Int
        /// Number of processes.
        public var size: Int
        /// Host where rank 0 listens.
        public var address: String
        /// Port where rank 0 listens.
        public var port: Int
        /// Address of the network interface to work through; the host name's where empty.
        public var interface: String

        /// The place `rank` among `size` processes that meet at `address`.
        public init(rank: Int, size: Int, address: String, port: Int, interface: String = "") {
            (self.rank, self.size) = (rank, size)
            (self.address, self.port, self.interface) = (address, port, interface)
        }
    }
}

/// A process group that cannot be made, or has lost a process.
public struct ProcessGroupError: Error, CustomStringConvertible {
    /// The failed operation, and libtorch's message.
    public let description: String

    init(_ what: String) { description = "\(what): \(String(cString: torch_last_error()))" }
}
