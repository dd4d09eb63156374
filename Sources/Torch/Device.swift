internal import CTorch

/// Device that holds a tensor and runs its operators.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    /// libtorch's name, for example `cpu` or `cuda:0`.
    public let description: String

    /// The host.
    public static let cpu = Device(description: "cpu")

    /// Shapes and types without numbers: a network runs on it to see that nothing stays behind on the CPU.
    ///
    /// Operators that mix it with tensors of the CPU fail. Within ``listingTransfers(_:)``, its numbers are read as zeros.
    public static let meta = Device(description: "meta")

    private init(description: String) { self.description = description }

    /// Wraps a name that libtorch itself gave.
    init(named name: String) { description = name }

    /// Parses the name of a device: `cpu`, `cuda`, `cuda:1` or `mps`.
    ///
    /// - Throws: ``DeviceError`` when the name is unknown or this machine has no such device.
    public init(parsing name: String) throws(DeviceError) {
        switch (name, Self.cudaIndex(of: name)) {
        case ("cpu", _): break
        case ("cuda", _): try Self.checkCUDA(name, index: 0)
        case (_, let index?): try Self.checkCUDA(name, index: index)
        case ("mps", _): try Self.checkMPS()
        default: throw DeviceError(description: "unknown device '\(name)': expected cpu, cuda, cuda:N or mps")
        }
        description = name
    }

    /// The N of `cuda:N`, as libtorch reads it: digits without a leading zero; nil for any other name.
    private static func cudaIndex(of name: String) -> Int? {
        let prefix = "cuda:"
        guard name.hasPrefix(prefix), let index = Int(name.dropFirst(prefix.count)), index >= 0,
            name == "\(prefix)\(index)"
        else { return nil }
        return index
    }

    private static func checkMPS() throws(DeviceError) {
        #if os(macOS)
        guard torch_mps_is_available() else {
            throw DeviceError(description: "device 'mps': this Mac has no Metal; use --device cpu")
        }
        #else
        throw DeviceError(
            description: "device 'mps' is Metal on a Mac, and this system has none; use --device cpu or cuda"
        )
        #endif
    }

    private static func checkCUDA(_ name: String, index: Int) throws(DeviceError) {
        guard torch_has_cuda() else {
            throw DeviceError(
                description:
                    "device '\(name)': this program was built with libtorch \(Torch.version) for CPUs; "
                    + "set up again with FASTER_TORCH=cuda and build, or use --device cpu"
            )
        }
        let count = Int(torch_cuda_device_count())
        guard count > 0 else {
            throw DeviceError(
                description:
                    "device '\(name)': libtorch \(Torch.version) for CUDA finds no GPU on this machine; "
                    + "see that nvidia-smi lists one and CUDA_VISIBLE_DEVICES does not hide it, or use --device cpu"
            )
        }
        guard index < count else {
            throw DeviceError(
                description:
                    "device '\(name)': libtorch sees \(count == 1 ? "cuda:0 alone" : "cuda:0 to cuda:\(count - 1)") on "
                    + "this machine; take one of them"
            )
        }
    }

    /// `cpu`, `cuda` or `mps`, without an index.
    public var type: String { String(description.prefix { $0 != ":" }) }

    /// True if the device multiplies matrices faster in bfloat16 than in single precision.
    public var hasFastBFloat16: Bool { type == "cpu" ? torch_cpu_has_bfloat16() : type == "cuda" }

    /// True if the host queues work on the device and goes on, so that copies and computing overlap.
    public var hasStreams: Bool { type == "cuda" }

    /// Waits until the device has finished its queued work.
    public func synchronize() {
        if !torch_synchronize(description) { trap("synchronize \(description)") }
    }
}

/// A device that cannot be used.
public struct DeviceError: Error, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
