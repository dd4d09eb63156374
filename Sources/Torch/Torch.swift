internal import CTorch

/// Settings of the whole process.
public enum Torch {
    /// Version of libtorch.
    public static var version: String { String(cString: torch_version()) }

    /// Threads that one operator may use.
    public static var threadCount: Int {
        get { Int(torch_thread_count()) }
        set { torch_set_thread_count(Int32(newValue)) }
    }

    /// Keeps the memory of freed tensors for the next ones, which makes a training's steps cheaper.
    public static func keepFreedMemory() { torch_keep_freed_memory() }

    /// Keeps all digits of single precision in products and convolutions on a GPU, where libtorch may round to TF32.
    public static func roundToSinglePrecision() { torch_round_to_single_precision() }

    /// Seeds every generator.
    public static func seed(_ seed: UInt64) { torch_manual_seed(seed) }

    /// State of the CPU's random generator, uint8; belongs in every checkpoint that is to resume to the bit.
    public static var randomState: Tensor {
        get { Tensor(adopting: torch_random_state(), from: "random state") }
        set {
            let accepted = newValue.withHandle { torch_set_random_state($0) }
            if !accepted { trap("random state") }
        }
    }
}

/// Ends the process with libtorch's own message.
///
/// Shapes and types that disagree are programmer mistakes:
/// data from outside is checked where it enters, by code that throws.
func trap(_ operation: String) -> Never {
    fatalError("\(operation): \(String(cString: torch_last_error()))")
}
