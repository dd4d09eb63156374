import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("faster policy quantize", .timeLimit(.minutes(5)))
struct QuantizeTests {
    private let run: TemporaryFolder

    init() async throws {
        run = try TemporaryFolder()
        let published = PythonPeer.packageRoot.appending(path: "Tests/Golden/smolvlm").path
        let train = [
            "policy", "train", "--data", Program.demonstrations, "--episodes", "0:1", "--head", "binning",
            "--horizon", "4", "--steps", "1", "--threads", "1", "--out", "policy",
            "--set", "backbone.pretrained=\(published)", "--set", "backbone.training=frozen",
            "--set", "optimization.batchSize=2", "--set", "expert.width=16",
        ]
        _ = try await Program.output(train, in: run)
    }

    @Test(
        "writes a policy that is described, measured and refused as the start of a training; says what it costs"
    )
    func quantized() async throws {
        let quantize = ["policy", "quantize", "--policy", "policy", "--threads", "1"]
        let compare = ["--data", Program.demonstrations, "--episodes", "0:2", "--observations", "3"]
        let found = try await Program.object(quantize + compare + ["--out", "int8", "--json"], in: run)
        let weights = try #require(found["weights"] as? [String: Any])
        #expect(weights["bits"] as? Int == 8)
        let error = try #require(weights["relativeError"] as? Double)
        #expect(error > 0 && error < 0.01)
        let layers = try #require(weights["layers"] as? [[String: Any]])
        #expect(layers.count > 10 && layers.allSatisfy { $0["relativeError"] is Double })
        let predictions = try #require(found["predictions"] as? [String: Any])
        #expect(predictions["observations"] as? Int == 3)
        // 4 steps of 4 columns.
        #expect(predictions["tokens"] as? Int == 3 * 16)
        #expect((predictions["actionErrors"] as? [Double])?.count == 2)

        let said = try await Program.output(quantize + ["--bits", "4", "--out", "int4"], in: run)
        #expect(said.contains("int4: weights of 4 bits") && said.contains("relative error"), "\(said)")
        let info = try await Program.output(["policy", "info", "--policy", "int4"], in: run)
        #expect(info.contains("weights int4"), "\(info)")
        let inspect = try await Program.object(
            ["policy", "inspect", "--policy", "int4", "--json", "--threads", "1"],
            in: run
        )
        let parts = try #require(inspect["parts"] as? [[String: Any]])
        let sizes = ["parameters", "bytes"].map { key in parts.compactMap { $0[key] as? Int }.reduce(0, +) }
        #expect(sizes[0] > 0 && sizes[1] > 0)

        let again = try await Program.refusal(quantize + ["--out", "int8"], in: run)
        #expect(again.contains("holds a finished"), "\(again)")
        let twice = try await Program.refusal(
            ["policy", "quantize", "--policy", "int4", "--out", "twice", "--threads", "1"],
            in: run
        )
        #expect(twice.contains("quantization: expected none, found 'int4'"), "\(twice)")
        let train = ["policy", "train", "--data", Program.demonstrations, "--from", "int8", "--out", "more"]
        let trained = try await Program.refusal(train + ["--head", "binning", "--threads", "1"], in: run)
        #expect(trained.contains("for inference only"), "\(trained)")
    }

    @Test("refuses bits, policies and datasets that do not fit, and writes nothing")
    func refusals() async throws {
        let quantize = ["policy", "quantize", "--threads", "1", "--out", "out"]
        let bits = try await Program.refusal(quantize + ["--policy", "policy", "--bits", "5"], in: run)
        #expect(bits.contains("--bits: expected 8 or 4, found 5"), "\(bits)")
        let compact = try await Program.refusal(quantize + ["--policy", "metaworld"], in: run)
        #expect(compact.contains("expected 'pretrained'"), "\(compact)")
        let absent = try await Program.refusal(quantize + ["--policy", "nowhere"], in: run)
        #expect(absent.contains("no such folder"), "\(absent)")
        let data = try await Program.refusal(quantize + ["--policy", "policy", "--data", "nowhere"], in: run)
        #expect(data.contains("nowhere"), "\(data)")
        let other = try await Program.refusal(
            quantize + ["--policy", "policy", "--data", Program.demonstrations, "--groups", "position=0:4"],
            in: run
        )
        #expect(other.contains("action groups"), "\(other)")
    }
}
