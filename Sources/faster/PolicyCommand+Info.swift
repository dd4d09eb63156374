import ArgumentParser
import FASTerVLA
import Foundation
import NN
import RobotTypes
import Support

extension PolicyCommand {
    /// `faster policy info`.
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print what a policy takes and gives: its robots, their cameras, states, actions and rates."
        )

        @Option(
            help:
                "Folder of the policy, or 'metaworld', 'metaworld-images' or 'libero', which come with the program."
        )
        var policy: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let folder = namedModel(policy, family: .policies)
            if LeRobotPolicyFolder.isFolder(folder) {
                let contract = try LeRobotPolicyFolder.contract(of: folder)
                return try show(Document(head: "pi0_fast", robots: [Row(embodiment: "", contract: contract)]))
            }
            let configuration = try PolicyFolder.configuration(of: folder)
            let statistics = try PolicyFolder.actionNormalizations(of: folder)
            let robots =
                configuration.mixture?.embodiments.map { (name: $0.name, contract: $0.contract) }
                ?? [(name: "", contract: configuration.contract)]
            let rows = zip(robots, statistics).map {
                Row(embodiment: $0.name, contract: $0.contract, transform: $1.transform)
            }
            try show(
                Document(
                    head: configuration.head.name,
                    tokens: Tokens(configuration.head),
                    tokenizer: configuration.tokenizerDigest,
                    quantization: configuration.quantization?.rawValue,
                    robots: rows
                )
            )
        }

        private func show(_ document: Document) throws {
            if json { return try Terminal.printJSON(document) }
            print(
                "\(policy): head \(document.head)" + (document.tokenizer.map { ", tokenizer \($0)" } ?? "")
                    + (document.quantization.map { ", weights \($0)" } ?? "")
            )
            if let tokens = document.tokens { print("  \(tokens.line)") }
            for row in document.robots { print(row.lines.joined(separator: "\n")) }
        }
    }

    private struct Document: Encodable {
        var head: String
        var tokens: Tokens?
        var tokenizer: String?
        var quantization: String?
        var robots: [Row]
    }

    /// Tokens of a chunk, and the forwards that predict them.
    private struct Tokens: Encodable {
        var codebooks: Int
        var tokens: Int
        var forwards: Int
        /// Tolerance of chunks that end early; nil where all of a grid is decoded.
        var earlyEnd: Double?
        var isVariableLength: Bool

        init?(_ head: ActionHead.Configuration) {
            guard case .blocks(let head) = head else { return nil }
            codebooks = head.schedule.codebookCount
            tokens = head.schedule.tokenCount
            forwards = head.schedule.blocks.count
            earlyEnd = head.earlyEnd?.tolerance
            isVariableLength = head.isVariableLength
        }

        var line: String {
            let most = earlyEnd != nil || isVariableLength ? "at most " : ""
            return "\(most)\(tokens) tokens in \(forwards) forwards a chunk, codebooks: \(codebooks)"
                + (earlyEnd.map { "; ends early within \($0)" } ?? "")
        }
    }

    private struct Row: Encodable {
        var embodiment: String
        var contract: PolicyContract
        var transform: ActionTransform?

        var lines: [String] {
            let cameras = contract.cameras.map { "\($0.name) \($0.height) x \($0.width)" }
            let seconds = Double(contract.horizon) / contract.framesPerSecond
            return (embodiment.isEmpty ? [] : ["embodiment \(embodiment)"]) + [
                "  cameras \(cameras.joined(separator: ", "))",
                "  state of \(contract.stateDimension) values"
                    + (contract.stateNames.map { ": " + $0.joined(separator: ", ") } ?? ""),
                "  actions \(contract.actionSpace)",
                String(
                    format: "  chunks of %d steps at %g Hz, %.3g s",
                    contract.horizon,
                    contract.framesPerSecond,
                    seconds
                ),
            ] + (transform.map { ["  learned as \($0)"] } ?? [])
        }
    }
}
