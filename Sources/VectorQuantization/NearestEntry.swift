internal import CKernels
internal import Dispatch
public import Torch

/// The search for the codebook entry nearest to a vector, in Euclidean distance.
public enum NearestEntry {
    /// Distances that are held at once on other devices than the CPU.
    private static let distances = 1 << 28

    /// Vectors that a thread of the CPU takes at once.
    private static let rowsOfTask = 256

    /// Finds the entry nearest to each vector.
    ///
    /// On the CPU, a kernel that keeps no distances is several times faster than a product and its smallest column.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - entries: `[K, C]`.
    /// - Returns: Indices in `0 ..< K`, int64 `[n]`.
    /// - Complexity: One product of `[n, C]` with `[C, K]`: a vector's own length does not matter.
    public static func search(_ vectors: Tensor, among entries: Tensor) -> Tensor {
        if vectors.device == .cpu, vectors.dtype == .float32 {
            return searchOnCPU(vectors, entries).counted(depth: entries.count, vectors, entries)
        }
        let halfSquares = entries.squared().sum(1) * 0.5
        let transposed = entries.transposed(0, 1)
        let (count, batchSize) = (vectors.size(0), max(1, distances / entries.size(0)))
        let parts = stride(from: 0, to: max(count, 1), by: batchSize).map { first in
            let part = vectors.narrowed(0, from: first, count: min(batchSize, count - first))
            return (halfSquares - part.matmul(transposed)).argmin(1)
        }
        return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
    }

    private static func searchOnCPU(_ vectors: Tensor, _ entries: Tensor) -> Tensor {
        let (count, width, size) = (vectors.size(0), vectors.size(1), entries.size(0))
        let nearest = Tensor.zeros([count], dtype: .int64)
        guard count > 0, width > 0 else { return nearest }
        let filled = (size + panel - 1) / panel * panel
        let (panels, lengths) = (Tensor.zeros([filled, width]), Tensor.zeros([filled]))
        let (rows, table) = (vectors.detached().contiguous(), entries.detached().contiguous())
        rows.withNumbers(as: Float.self) { x in
            panels.withNumbers(as: Float.self) { panels in
                lengths.withNumbers(as: Float.self) { lengths in
                    table.withNumbers(as: Float.self) {
                        kernel_pack_entries($0, size, width, panels, lengths)
                    }
                    nearest.withNumbers(as: Int.self) { nearest in
                        inParts(of: count) { part in
                            kernel_nearest_rows(
                                x + part.lowerBound * width,
                                part.count,
                                width,
                                panels,
                                lengths,
                                size,
                                nearest + part.lowerBound
                            )
                        }
                    }
                }
            }
        }
        return nearest
    }

    /// Finds the entry nearest to each vector, of which every process searches for its share.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`, the same in all processes.
    ///   - entries: `[K, C]`.
    ///   - share: This process's share of the vectors, within `withProcesses`; nil for all.
    /// - Returns: As ``search(_:among:)``.
    static func search(_ vectors: Tensor, among entries: Tensor, share: BatchShare?) -> Tensor {
        let rows = share.map { share in
            RowShare(
                [part(share.position, of: share.count, vectors.size(0))],
                of: vectors.size(0),
                batch: share
            )
        }
        let own = search(vectors.rows(of: rows), among: entries)
        return JointRows().add(own, rows) ?? own
    }

    /// Runs `body` for parts of `count` rows, on as many threads as libtorch's operators have.
    private static func inParts(of count: Int, _ body: (Range<Int>) -> Void) {
        let tasks = (count + rowsOfTask - 1) / rowsOfTask
        guard tasks > 1, Torch.threadCount > 1 else { return body(0 ..< count) }
        let threads = min(tasks, Torch.threadCount)
        // Parts do not overlap.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            body(part(thread, of: threads, count))
        }
    }

    /// Part `position` of `parts` of rows, cut where the kernel's tiles end, so that each row is computed as in the whole.
    private static func part(_ position: Int, of parts: Int, _ count: Int) -> Range<Int> {
        func bound(_ position: Int) -> Int {
            position == parts ? count : count * position / parts / rowsOfTile * rowsOfTile
        }
        return bound(position) ..< bound(position + 1)
    }

    /// Vectors that the kernel takes at once.
    private static let rowsOfTile = 4

    private static let panel = Int(KERNEL_PANEL)
}

extension Tensor {
    /// Lends the memory of a contiguous CPU tensor as numbers.
    fileprivate func withNumbers<Number>(as _: Number.Type, _ body: (UnsafeMutablePointer<Number>) -> Void) {
        withMutableBytes { bytes in
            guard let start = bytes.bindMemory(to: Number.self).baseAddress else { return }
            body(start)
        }
    }
}
