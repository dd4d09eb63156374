import Foundation

/// Bytes of memory that this process may take: the machine's, or where it runs in a container, the container's.
///
/// Source: Linux, control groups version 2 (`memory.max`) and 1 (`memory.limit_in_bytes`).
func availableMemory(controlGroups: URL = URL(filePath: "/sys/fs/cgroup")) -> Int {
    let limits = ["memory.max", "memory/memory.limit_in_bytes"].compactMap { name -> Int? in
        let text = try? String(contentsOf: controlGroups.appending(path: name), encoding: .utf8)
        // Without a limit it says `max`, or a number beyond any memory.
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    return (limits + [Int(clamping: ProcessInfo.processInfo.physicalMemory)]).min() ?? 0
}
