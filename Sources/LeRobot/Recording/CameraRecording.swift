import Foundation
import RobotTypes
import Synchronization

/// The video of one camera in an episode that is being recorded, encoded on a thread of its own.
final class CameraRecording: @unchecked Sendable {
    /// The video file.
    let file: URL

    // Used on `queue` alone.
    private let encoder: VideoEncoder
    private var histograms: [(frame: Int, colors: ColorHistogram)] = []
    private var interval = 1

    private let queue = DispatchQueue(label: "camera")
    private let state = Mutex(State())

    private struct State {
        var pendingCount = 0
        var failure: LeRobotError?
    }

    /// Frames that may wait for the encoder.
    private static let mostPending = 30

    /// Twice this number of images counts in the statistics at most, and half of that at least.
    private static let countedImages = 32

    /// Creates the file.
    init(
        creating file: URL,
        feature: Feature,
        fps: Double,
        settings: VideoSettings
    ) throws(LeRobotError) {
        self.file = file
        let size = feature.imageSize
        encoder = try VideoEncoder(
            creating: file,
            width: size.width,
            height: size.height,
            fps: fps,
            settings: settings
        )
    }

    /// Takes a frame, which is encoded later; waits for the encoder where it is too far behind.
    ///
    /// - Throws: ``LeRobotError`` of this frame or of an earlier one.
    func append(_ image: Image) async throws(LeRobotError) {
        let pending = state.withLock { state in
            state.pendingCount += 1
            return state.pendingCount
        }
        queue.async { [self] in
            encode(image)
            state.withLock { $0.pendingCount -= 1 }
        }
        if pending > Self.mostPending {
            await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Encodes what is still waiting, and closes the file.
    ///
    /// - Returns: The colours of evenly spread images.
    func finish() async throws(LeRobotError) -> ColorHistogram {
        let colors = await withCheckedContinuation { continuation in
            queue.async { [self] in
                attempt { () throws(LeRobotError) in try encoder.finish() }
                var sum = ColorHistogram()
                for histogram in histograms { sum.add(histogram.colors) }
                continuation.resume(returning: sum)
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return colors
    }

    private func encode(_ image: Image) {
        let frame = encoder.frameCount
        attempt { () throws(LeRobotError) in try encoder.append(image, startsSequence: frame == 0) }
        guard frame % interval == 0 else { return }
        var colors = ColorHistogram()
        colors.add(image)
        histograms.append((frame, colors))
        // The length of the episode is not known before its end.
        if histograms.count > 2 * Self.countedImages {
            interval *= 2
            histograms.removeAll { $0.frame % interval != 0 }
        }
    }

    /// Does work unless some has failed before.
    private func attempt(_ work: () throws(LeRobotError) -> Void) {
        guard state.withLock({ $0.failure == nil }) else { return }
        do throws(LeRobotError) { try work() } catch { state.withLock { $0.failure = error } }
    }
}
