import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("Tokenizers that cannot be used", .timeLimit(.minutes(10)))
struct TokenizerRefusalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func evaluate(_ tokenizer: String, data: String = Program.demonstrations) async throws -> String {
        let arguments = [
            "tokenizer", "evaluate", "--data", data, "--episodes", "0:1", "--tokenizer", tokenizer,
        ]
        return try await Program.refusal(arguments, in: folder)
    }

    private func copy() async throws {
        try folder.copy(try await Workshop.run.value.appending(path: "tokenizer").path, to: "copy")
    }

    @Test("a folder that is not there, or is none, is named")
    func noFolder() async throws {
        #expect(try await evaluate("nowhere").hasSuffix("/nowhere: no such folder"))
        try FileManager.default.createDirectory(
            at: folder.appending(path: "empty"),
            withIntermediateDirectories: true
        )
        #expect(try await evaluate("empty").hasSuffix("/empty/config.json: is missing or cannot be read"))
    }

    @Test("another robot's tokenizer is refused with both numbers of columns")
    func otherRobot() async throws {
        let tokenizer = try await Workshop.otherRobot.value.appending(path: "tokenizer").path
        #expect(
            try await evaluate(tokenizer).hasSuffix(
                "is for actions of 7 columns, the dataset has 4 (position=0:3,gripper=3)"
            )
        )
    }

    @Test("fit refuses datasets of several robots, and evaluate several datasets")
    func severalDatasets() async throws {
        let other = try await Workshop.otherRobot.value.appending(path: "data").path
        let data = ["--data", Program.demonstrations, "--data", other]
        let fit = ["tokenizer", "fit", "--kind", "binning", "--out", "out"]
        #expect(
            try await Program.refusal(fit + data, in: folder)
                .contains("--data: expected datasets of one robot, found 2 robots")
        )
        let evaluate = ["tokenizer", "evaluate", "--tokenizer", "binning"]
        #expect(
            try await Program.refusal(evaluate + data, in: folder)
                .contains("--data: expected one dataset, found \(Program.demonstrations), \(other)")
        )
    }

    @Test("a header of weights that lies is named, with the tensor")
    func lyingHeader() async throws {
        try await copy()
        try folder.change("copy/model.safetensors") { weights in
            let offsets = #/"data_offsets":\s*\[(\d+)/#
            var bytes = weights
            let header = String(decoding: weights[8 ..< 2000], as: UTF8.self)
            if let digit = header.firstMatch(of: offsets)?.1.startIndex {
                let offset = 8 + header.utf8.distance(from: header.startIndex, to: digit)
                bytes[offset] = bytes[offset] == UInt8(ascii: "9") ? UInt8(ascii: "8") : UInt8(ascii: "9")
            }
            return bytes
        }
        let message = try await evaluate("copy")
        #expect(message.contains("/copy/model.safetensors: tensor '"))
        #expect(message.contains("data_offsets"))
    }

    @Test(
        "damaged files are named",
        arguments: [
            ("config.json", "\"horizon\"", "\"horizont\"", "horizon"),
            (
                "config.json", "fastervq", "fastervp",
                "tokenizer: expected one of fastervq, fastervq-linear, fast, fast+, beast, binning, binning-uniform, vq-bet, vq-vla, oat, found 'fastervp'"
            ),
            (
                "config.json", "\"formatVersion\" : 1", "\"formatVersion\" : 9",
                "formatVersion: expected 1, found 9"
            ),
            ("config.json", "\"codebookSize\" : 16", "\"codebookSize\" : 17", "expected F32[3, 17"),
            ("norm_stats.json", "\"actions\"", "\"action\"", "statistics and method of 'actions'"),
            ("norm_stats.json", "{", "", "norm_stats.json: cannot be understood"),
            ("norm_stats.json", "\"q01\" : [", "\"q01\" : [0,", "expected 4 columns, as 'mean' has, found 5"),
        ]
    )
    func damaged(file: String, from: String, to: String, expected: String) async throws {
        try await copy()
        try folder.change("copy/\(file)") {
            Data(String(decoding: $0, as: UTF8.self).replacing(from, with: to).utf8)
        }
        let message = try await evaluate("copy")
        #expect(message.contains("/copy/"))
        #expect(message.contains(expected))
    }

    @Test("a second setting is refused, as only one would hold")
    func twoSettings() async throws {
        try await copy()
        #expect(
            try await evaluate("copy:codebooks=2:codebooks=1")
                == "copy: expected codebooks=1 ... 3, found 'codebooks=2, codebooks=1'"
        )
    }

    @Test("encode and decode say what is wrong with an array")
    func arrays() async throws {
        try await copy()
        _ = try await PythonPeer.run("arrays.py", ["broken", folder.url.path])
        for (action, input, expected) in [
            ("encode", "short", "short.npy: expected actions of shape [n, 16, 4], found [3, 8, 4]"),
            ("encode", "flat", "flat.npy: expected actions of shape [n, 16, 4], found [3, 64]"),
            ("encode", "nan", "nan.npy: chunk 1, step 2, column 3: nan is not finite"),
            ("decode", "large", "large.npy: chunk 2: token 5: expected 0 ..< 16, found 16"),
            ("decode", "few", "few.npy: chunk 0: expected 5 tokens for each of 1 ... 3 codebooks, found 4"),
            ("decode", "nan", "nan.npy: expected tokens of shape [n, tokens], found [3, 16, 4]"),
            ("decode", "flat", "expected integers such as int64 (<i8), found <f4"),
            ("encode", "words", "words.npy: "),
            ("encode", "none", "none.npy: no such file, or it cannot be read"),
        ] {
            let arguments = [
                "tokenizer", action, "--tokenizer", "copy", "--in", "\(input).npy", "--out", "out.npy",
            ]
            #expect(try await Program.refusal(arguments, in: folder).contains(expected))
        }
    }

    @Test("encode refuses values far outside the range, or clips and counts them")
    func far() async throws {
        try await copy()
        _ = try await PythonPeer.run("arrays.py", ["far", folder.url.path])
        let arguments = ["tokenizer", "encode", "--tokenizer", "copy", "--in", "far.npy", "--out", "out.npy"]
        let refusal = try await Program.refusal(arguments, in: folder)
        #expect(
            refusal.contains(
                "far.npy: chunk 1, step 2, column 3: 10000.0 is far outside the tokenizer's range"
            )
        )
        #expect(refusal.contains("clip such values with --clip"))
        let run = try await Program.run(arguments + ["--clip"], in: folder)
        #expect(run.status == 0 && run.output.contains("far.npy: "), "\(run.errors)")
        #expect(run.output.contains("of 192 values clipped to the tokenizer's range"))
    }

    @Test("a file that cannot be written is named")
    func unwritable() async throws {
        try await copy()
        _ = try await PythonPeer.run(
            "arrays.py",
            ["actions", folder.appending(path: "actions.npy").path]
                + [folder.appending(path: "copy/norm_stats.json").path]
        )
        let encode = ["tokenizer", "encode", "--tokenizer", "copy", "--in", "actions.npy", "--out"]
        #expect(
            try await Program.refusal(encode + ["actions.npy/codes.npy"], in: folder)
                .hasSuffix("/actions.npy/codes.npy: cannot be written: Not a directory")
        )
        #expect(
            try await Program.refusal(encode + ["copy"], in: folder)
                .hasSuffix("/copy: cannot be written: Is a directory")
        )
    }

    @Test("train refuses kinds that there are not, and baselines of several robots")
    func kinds() async throws {
        func refusal(_ more: String...) async throws -> String {
            try await Program.refusal(["tokenizer", "train", "--out", "out"] + more, in: folder)
        }
        #expect(
            try await refusal("--data", Program.demonstrations, "--kind", "vq").hasSuffix(
                "'kind' should be one of fastervq, vq-bet, vq-vla, oat, found 'vq'"
            )
        )
        let robots = ["left", "right"].map { "{path: \(Program.demonstrations), embodiment: \($0)}" }
        #expect(
            try await refusal("--kind", "oat", "--set", "datasets=[\(robots.joined(separator: ", "))]")
                .contains(
                    "'oat' is trained on one robot, from the beginning"
                )
        )
    }

    @Test("fit refuses what cannot be fitted, and what is there")
    func fit() async throws {
        try await copy()
        func refusal(_ more: String...) async throws -> String {
            let fit = [
                "tokenizer", "fit", "--kind", "fast", "--data", Program.demonstrations, "--episodes", "0:1",
            ]
            return try await Program.refusal(fit + more, in: folder)
        }
        #expect(try await refusal("--out", "copy").hasPrefix("copy: holds a finished tokenizer or policy"))
        #expect(
            try await refusal("--out", "out", "--vocabulary", "4").contains(
                "need a vocabulary of more than 4"
            )
        )
        #expect(
            try await refusal("--out", "out", "--scale", "0").hasPrefix(
                "--scale: expected a number above 0, found 0.0"
            )
        )
        #expect(
            try await refusal("--out", "out", "--horizon", "0").hasPrefix(
                "--horizon: expected 1 ... 4096, found 0"
            )
        )
        #expect(try await refusal("--out", "out", "--kind", "slow").contains("'slow' is invalid"))
    }
}
