import ArgumentParser
import Foundation
import LeRobot
import Logging
import PolicyServer
import Recording

extension DataCommand {
    /// `faster data record`.
    struct Record: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Record what a robot or a simulator streams, as a dataset that grows.",
            discussion: """
                A robot connects as to a policy server, with openpi's client, and sends a frame a message: arrays under any \
                names, 'action' among them, and 'prompt'. The first frame says which features there are: images become \
                cameras, everything else columns. 'episode_end': True with an episode's last frame saves it; when the reply \
                says 'saved', it is on the disk. 'episode_discard': True drops the episode so far, and so does a connection \
                that ends. The dataset is LeRobot v3.0, and whole after every episode, whatever ends the program. A folder \
                with a recording gets further episodes.
                """
        )

        @Option(help: "Folder of the dataset: a new one, or one recorded before.")
        var out: String

        @Option(help: "Frames a second that the robot sends.")
        var fps: Double

        @Option(help: "Instruction of frames without 'prompt'.")
        var task: String?

        @Option(help: "Name of the robot, for the dataset's metadata.")
        var robot: String?

        @Option(help: "Address to listen on; 0.0.0.0 listens on all networks.")
        var host = "127.0.0.1"

        @Option(help: "TCP port; 0 takes any free one.")
        var port = 8000

        @Option(help: "Constant rate factor of the video compression: lower is better and larger.")
        var quality = VideoSettings.dataset.quality

        @Flag(help: "Print JSON at the end.")
        var json = false

        func validate() throws {
            try portNumber(port, "--port")
            guard fps.isFinite, fps > 0, fps <= 100_000 else {
                throw ValidationError("--fps: expected a positive number, found \(fps)")
            }
            guard 0 ... 51 ~= quality else {
                throw ValidationError("--quality: expected 0 ... 51, found \(quality)")
            }
        }

        private struct Report: Encodable {
            let folder: String
            let episodes: Int
            let frames: Int
            let newEpisodes: Int
            let droppedEpisodes: Int
            let refusedMessages: Int

            enum CodingKeys: String, CodingKey {
                case folder, episodes, frames
                case newEpisodes = "new_episodes"
                case droppedEpisodes = "dropped_episodes"
                case refusedMessages = "refused_messages"
            }
        }

        func run() async throws {
            var video = VideoSettings.dataset
            video.quality = quality
            let dataset = try GrowingDataset(
                opening: out.asFile,
                fps: fps,
                robotType: robot,
                video: video
            )
            let recorder = await StreamRecorder(
                dataset: dataset,
                task: task,
                version: Faster.version,
                report: { Terminal.say("\(out): \($0)") }
            )
            let server = PolicyServer(
                handler: recorder,
                host: host,
                port: port,
                // The recorder reports what was refused, once.
                logger: Logger(label: "record") { _ in SwiftLogNoOpLogHandler() }
            )
            let former = await recorder.status
            do {
                let actual = try await server.start()
                let present =
                    former.episodes == 0 ? "" : ", after \(former.episodes) episodes that are there"
                Terminal.say("recording into \(out)\(present), ws://\(host):\(actual)  (ctrl-C stops)")
            } catch {
                _ = await recorder.finish()
                throw error
            }
            let progress = Task { await showProgress(of: recorder) }
            await server.runUntilInterrupted()
            progress.cancel()
            await progress.value
            let status = await recorder.finish()
            try report(status, former)
        }

        private func showProgress(of recorder: StreamRecorder) async {
            let line = Terminal.StatusLine()
            var before = (frames: 0, time: ContinuousClock.now)
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                let status = await recorder.status
                let now = ContinuousClock.now
                let rate = Double(status.receivedFrames - before.frames) / ((now - before.time) / .seconds(1))
                before = (status.receivedFrames, now)
                var text = "\(status.episodes) episodes, \(status.frames) frames"
                if status.openFrames > 0 {
                    text += String(format: "  now %d frames, %.1f/s", status.openFrames, rate)
                }
                if status.droppedEpisodes > 0 { text += "  \(status.droppedEpisodes) episodes dropped" }
                if status.refusals > 0 { text += "  \(status.refusals) messages refused" }
                line.show(text)
            }
            line.clear()
        }

        private func report(_ status: StreamRecorder.Status, _ former: StreamRecorder.Status) throws {
            let report = Report(
                folder: out,
                episodes: status.episodes,
                frames: status.frames,
                newEpisodes: status.episodes - former.episodes,
                droppedEpisodes: status.droppedEpisodes,
                refusedMessages: status.refusals
            )
            if json { return try Terminal.printJSON(report) }
            print(
                "\(out): \(report.episodes) episodes, \(report.frames) frames; \(report.newEpisodes) episodes new, "
                    + "\(report.droppedEpisodes) dropped"
            )
        }
    }
}
