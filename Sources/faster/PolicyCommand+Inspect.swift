import ArgumentParser
import FASTerVLA
import Foundation

extension PolicyCommand {
    /// `faster policy inspect`.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Measure a policy: parameters, memory, and the work of a chunk beside the machine's limits.",
            discussion: """
                The work is that of matrix products, convolutions and attention. The limit is the time that it takes at \
                the speed of a large product or of reading memory, measured on this machine, whichever is slower; the \
                measured time is the median of several synthetic observations.
                """
        )

        @Option(
            help:
                "Folder of the policy, or 'metaworld', 'metaworld-images' or 'libero', which come with the program."
        )
        var policy: String

        @OptionGroup var robot: EmbodimentOptions
        @OptionGroup var lerobot: LeRobotOptions
        @OptionGroup var compute: ComputeOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let device = try compute.prepare()
            let folder = namedModel(policy, family: .policies)
            try lerobot.check(folder, embodiment: robot.embodiment)
            let inspection =
                LeRobotPolicyFolder.isFolder(folder)
                ? try PolicyInspection(ofLeRobotPolicy: folder, options: lerobot.options, device: device)
                : try PolicyInspection(of: folder, embodiment: robot.embodiment, device: device)
            if json { return try Terminal.printJSON(inspection) }
            for line in inspection.lines { print(line) }
        }
    }

    /// `faster policy merge`.
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add the adapters of a policy (LoRA) to the weights of its backbone.",
            discussion: """
                The result needs no further products at inference and holds all weights itself. Sums are rounded to the \
                weights' element type.
                """
        )

        @Option(help: "Folder of a policy that was trained with backbone.training=lora.")
        var policy: String

        @Option(help: "Folder for the result.")
        var out: String

        func run() throws {
            let output = try OutputFolder(out)
            try output.checkUnfinished()
            try PolicyFolder.mergeAdapters(of: namedModel(policy, family: .policies), to: out.asFile)
            print("\(out): adapters merged")
        }
    }
}

extension PolicyInspection {
    /// A table of parts, and one of stages.
    fileprivate var lines: [String] {
        func row(_ name: String, _ cells: String...) -> String {
            name.column(24)
                + cells.map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }.joined()
        }
        func millions(_ count: Int) -> String { String(format: "%.2f", Double(count) / 1e6) }
        func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1e3) }
        let sizes = (parts + [whole]).map {
            row($0.name, millions($0.parameters) + " M", millions($0.bytes) + " MB")
        }
        let work = stages.map { stage in
            row(
                stage.name,
                String(format: "%.3f GFLOP", Double(stage.flops) / 1e9),
                millions(stage.bytes) + " MB",
                milliseconds(stage.limit),
                milliseconds(stage.seconds),
                String(format: "%.0f %%", 100 * stage.limit / stage.seconds)
            )
        }
        let machine = zip(["prefix", "decoding"], speeds).map { name, speed in
            String(
                format: "%@: %.1f GFLOP/s, %.1f GB/s",
                name,
                speed.flopsPerSecond / 1e9,
                speed.bytesPerSecond / 1e9
            )
        }
        return [row("part", "parameters", "memory")] + sizes
            + [
                "",
                row(
                    "\(prefixTokens) tokens, \(forwards) forwards",
                    "work",
                    "traffic",
                    "limit",
                    "measured",
                    "of limit"
                ),
            ]
            + work + ["", "this machine, in the element type of \(machine.joined(separator: "; of "))"]
    }
}
