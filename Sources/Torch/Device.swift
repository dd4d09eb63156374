internal import CTorch

/// Where a tensor lives and its operators run.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    /// libtorch's name, for example `cpu` or `cuda:0`.
    public let description: String

    /// The host.
    public static let cpu = Device(description: "cpu")

    private init(description: String) { self.description = description }

    /// Wraps a name that libtorch itself gave.
    init(named name: String) { description = name }

    /// Reads what a user asked for: `cpu`, `cuda`, `cuda:1` or `mps`.
    ///
    /// - Throws: ``DeviceError`` when the name is unknown or this machine has no such device.
    public init(parsing name: String) throws(DeviceError) {
        switch name.split(separator: ":").first {
        case "cpu": break
        case "cuda":
            guard torch_cuda_is_available() else {
                throw DeviceError(
                    description: "device '\(name)': no CUDA device is visible to libtorch \(Torch.version); "
                        + "set up with FASTER_TORCH=cuda on a machine with an NVIDIA GPU, or use --device cpu"
                )
            }
        case "mps":
            guard torch_mps_is_available() else {
                throw DeviceError(description: "device 'mps' needs a Mac with Metal; use --device cpu")
            }
        default: throw DeviceError(description: "unknown device '\(name)': expected cpu, cuda, cuda:N or mps")
        }
        description = name
    }

    /// `cpu`, `cuda` or `mps`, without an index.
    public var type: String { String(description.prefix { $0 != ":" }) }

    /// Whether the device multiplies matrices faster in bfloat16 than in single precision.
    public var hasFastBFloat16: Bool { type == "cpu" ? torch_cpu_has_bfloat16() : type == "cuda" }

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
