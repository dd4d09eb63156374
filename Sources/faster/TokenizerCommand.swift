import ArgumentParser

/// `faster tokenizer`: trains, measures and uses action tokenizers.
struct TokenizerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Train, measure and use action tokenizers.",
        subcommands: [
            Train.self, Fit.self, Evaluate.self, Compare.self, Replay.self, Encode.self, Decode.self,
        ]
    )
}
