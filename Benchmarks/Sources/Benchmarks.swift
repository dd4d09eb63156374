import ArgumentParser
import Foundation
import Support

/// The program: benchmarks, or a process that one of them starts.
@main
enum Program {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.first == PolicyMemory.argument else { return await Benchmarks.main() }
        try PolicyMemory.measure(arguments.dropFirst().first ?? "")
    }
}

/// `benchmarks`: what FASTer's parts take, beside what others take, in one run.
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Measures FASTer beside its peers; Benchmarks/README.md says what each benchmark shows."
    )

    @Argument(help: "Benchmarks to run; all but whole backbones, which take 12 GB, unless said otherwise.")
    var names: [Benchmark] = Benchmark.usual

    @OptionGroup var effort: Effort

    @Option(help: "Folder for one Markdown file a benchmark.")
    var out: String?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func run() async throws {
        Machine.prepare(threads: effort.threads)
        var reports: [BenchmarkReport] = []
        for benchmark in names {
            let report = BenchmarkReport(
                benchmark: benchmark,
                machine: Machine(threads: effort.threads),
                command: "benchmarks \(benchmark.rawValue) \(effort.words)",
                rounds: effort.rounds,
                comparisons: try await benchmark.comparisons(effort)
            )
            reports.append(report)
            if !json { print(report.text + "\n") }
            if let out {
                let file = URL(filePath: out).appending(path: report.fileName)
                try DurableFile.write(Data(report.markdown.utf8), to: file)
            }
        }
        guard json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(reports), as: UTF8.self))
    }
}

/// Number of rounds, seconds and threads of a measurement.
struct Effort: ParsableArguments {
    @Option(help: "Rounds in which everything that is compared has its turn.")
    var rounds = 11

    @Option(help: "Threads of one operator, here and in the peers.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Least time of one turn.")
    var seconds = 0.3

    /// The options as they are written.
    var words: String { "--rounds \(rounds) --threads \(threads) --seconds \(seconds)" }

    func validate() throws {
        guard rounds > 0, threads > 0, seconds > 0 else {
            throw ValidationError("--rounds, --threads and --seconds have to be positive")
        }
    }
}

/// The benchmarks, under the names that the command line and the result files give them.
enum Benchmark: String, CaseIterable, Encodable, ExpressibleByArgument {
    case decoding
    case imageEncoder = "image-encoder"
    case linearTokenizer = "linear-tokenizer"
    case loading
    case memory
    case nearestEntries = "nearest-entries"
    case opening
    case paligemma
    case paligemmaWhole = "paligemma-whole"
    case policy
    case policyTraining = "policy-training"
    case qwen25VL = "qwen2.5-vl"
    case qwen25VLWhole = "qwen2.5-vl-whole"
    case quantizedLayers = "quantized-layers"
    case quantizedProducts = "quantized-products"
    case randomAccess = "random-access"
    case server
    case serving
    case tokenizer
    case training

    /// Those that run where none is named.
    static let usual = allCases.filter { $0 != .paligemmaWhole && $0 != .qwen25VLWhole }

    /// Measures everything that the benchmark compares.
    func comparisons(_ effort: Effort) async throws -> [Comparison] {
        switch self {
        case .decoding: try Decoding(effort).comparisons()
        case .imageEncoder: try ImageEncoding(effort).comparisons()
        case .linearTokenizer: try LinearTokenizing(effort).comparisons()
        case .loading: try Loading(effort).comparisons()
        case .memory: try PolicyMemory(effort).comparisons()
        case .nearestEntries: try NearestEntries(effort).comparisons()
        case .opening: try Opening(effort).comparisons()
        case .paligemma: try BackboneForwards(effort, .paligemma).comparisons()
        case .paligemmaWhole: try BackboneForwards(effort, .paligemma, isWhole: true).comparisons()
        case .policy: try PolicyInference(effort).comparisons()
        case .policyTraining: try PolicyInference(effort).trainingComparisons()
        case .qwen25VL: try BackboneForwards(effort, .qwen25vl).comparisons()
        case .qwen25VLWhole: try BackboneForwards(effort, .qwen25vl, isWhole: true).comparisons()
        case .quantizedLayers: try QuantizedLayers(effort).comparisons()
        case .quantizedProducts: try QuantizedProducts(effort).comparisons()
        case .randomAccess: try RandomAccess(effort).comparisons()
        case .server: try await Batching(effort).comparisons()
        case .serving: try await Serving(effort).comparisons()
        case .tokenizer: try Tokenizing(effort).comparisons()
        case .training: try Tokenizing(effort).trainingComparisons()
        }
    }
}
