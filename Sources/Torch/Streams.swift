internal import CTorch

/// A queue of work on a device beside the one that computes: its copies overlap with computing.
public final class SideStream: @unchecked Sendable {
    private let stream: OpaquePointer

    /// Makes a stream on `device`; nil where ``Device/hasStreams`` is false.
    public init?(on device: Device) {
        guard device.hasStreams else { return nil }
        guard let stream = torch_new_stream(device.description) else { trap("a stream on \(device)") }
        self.stream = stream
    }

    deinit { torch_stream_release(stream) }

    /// Runs `body`, whose work this thread queues here.
    public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let former = torch_exchange_stream(stream) else { trap("enter a stream") }
        defer {
            torch_stream_release(torch_exchange_stream(former))
            torch_stream_release(former)
        }
        return try body()
    }
}

/// The end of the work that a thread's stream had been given at some time.
public final class StreamEvent: @unchecked Sendable {
    private let event: OpaquePointer
    private let device: Device

    /// Marks the end of the work of this thread's stream; nil where ``Device/hasStreams`` is false.
    public init?(on device: Device) {
        guard device.hasStreams else { return nil }
        guard let event = torch_record_event(device.description) else { trap("an event on \(device)") }
        (self.event, self.device) = (event, device)
    }

    deinit { torch_event_release(event) }

    /// Lets this thread's stream wait; the host goes on.
    public func wait() {
        if !torch_wait_for_event(event, device.description) { trap("wait for an event") }
    }

    /// The time from an earlier event to this one, for which the host waits.
    public func time(since earlier: StreamEvent) -> Duration {
        let milliseconds = torch_milliseconds_between(earlier.event, event)
        if milliseconds < 0 { trap("time between events") }
        return .microseconds(milliseconds * 1000)
    }
}

extension Tensor {
    /// Keeps the memory, which another stream made, until this thread's stream has done its work with it.
    public func useOnCurrentStream() {
        guard device.hasStreams else { return }
        if !withHandle({ torch_use_on_current_stream($0) }) { trap("useOnCurrentStream") }
    }
}

/// A device's work that was recorded once and is done again at one go, a CUDA graph: for many small operators, whose launches
/// would take longer than they do.
public final class DeviceGraph: @unchecked Sendable {
    private let graph: OpaquePointer

    /// Records the work of `body` on a side stream without doing it; it reads and writes the same memory every time.
    ///
    /// `body` neither reads results nor copies anything to the device.
    public init(on stream: SideStream, recording body: () -> Void) {
        graph = stream.run {
            guard let graph = torch_graph_begin() else { trap("record a graph") }
            body()
            if !torch_graph_end(graph) { trap("record a graph") }
            return graph
        }
    }

    deinit { torch_graph_release(graph) }

    /// Does the work again, on this thread's stream.
    public func replay() { if !torch_graph_replay(graph) { trap("replay a graph") } }
}

/// Tensors that hold the same numbers at every use, such as masks and offsets, and need to be copied to a device once only.
public final class ConstantCache: @unchecked Sendable {
    private struct Key: Hashable {
        let bytes: [UInt8]
        let dtype: DType
        let shape: [Int]
        let device: Device
    }

    private var tensors: [Key: Tensor] = [:]

    /// The cache of ``withCachedConstants(_:_:)``.
    @TaskLocal static var current: ConstantCache?

    /// Starts empty.
    public init() {}

    func tensor(_ bytes: [UInt8], _ dtype: DType, _ shape: [Int], _ device: Device, make: () -> Tensor)
        -> Tensor
    {
        let key = Key(bytes: bytes, dtype: dtype, shape: shape, device: device)
        if let known = tensors[key] { return known }
        let tensor = make()
        tensors[key] = tensor
        return tensor
    }
}

/// Runs `body`, whose tensors of Swift's numbers are copied to the device once for all runs; none of them may be changed.
public func withCachedConstants<Result>(_ cache: ConstantCache, _ body: () throws -> Result) rethrows
    -> Result
{
    try ConstantCache.$current.withValue(cache, operation: body)
}
