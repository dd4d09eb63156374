import ArgumentParser
import Foundation
import LeRobot

extension DataCommand {
    /// `faster data stats`.
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute the statistics of every feature from the rows.",
            discussion: "Recorded statistics are not read; 'data repair' writes a dataset with these."
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Flag(help: "Print JSON, under the names of meta/stats.json.")
        var json = false

        @OptionGroup var group: ProcessOptions

        func run() async throws {
            if try group.isLauncher { return try await group.launchExamination() }
            let processes = try group.join()
            let dataset = try Assembling.open(folder)
            let progress = Terminal.DelayedProgress("stats")
            let (rank, size) = processes.place
            let images = try processes.gathered(
                DatasetStatistics.ImagePart(of: dataset, rank: rank, of: size) { progress.update($0, of: $1) }
            )
            guard !Terminal.isQuiet else { return }
            let statistics = try DatasetStatistics(of: dataset, images: images) {
                progress.update($0, of: $1)
            }
            for note in statistics.notes { Terminal.say("Note: \(note)") }
            guard !json else { return try Terminal.printJSON(statistics) }
            for (name, feature) in statistics.features.sorted(by: { $0.key < $1.key }) {
                print(
                    "\(name)  \(feature.count[0]) \(dataset.info.features[name]?.isImage == true ? "images" : "rows")"
                )
                print("  column              mean        std        min        q01        q99        max")
                for column in feature.mean.indices {
                    let names = dataset.info.features[name].flatMap {
                        $0.isImage ? ["red", "green", "blue"] : $0.names
                    }
                    let title = names.flatMap { column < $0.count ? $0[column] : nil } ?? "\(column)"
                    let numbers = [
                        feature.mean, feature.std, feature.min, feature.q01, feature.q99, feature.max,
                    ].map { String(format: "%10.4g", $0[column]) }
                    print(
                        "  \(title.padding(toLength: max(14, title.count), withPad: " ", startingAt: 0)) "
                            + numbers.joined(separator: " ")
                    )
                }
            }
        }
    }
}
