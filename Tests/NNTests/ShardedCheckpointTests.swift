import Foundation
import NN
import TemporaryFolder
import Testing
import Torch

@Suite("Published checkpoints")
struct ShardedCheckpointTests {
    private struct Model: Module {
        let layers = [Linear(2, 4, bias: false), Linear(2, 4, bias: false)]
        let norm = LayerNorm(2, bias: false)
    }

    private static let names = WeightNames(
        [
            ("layers.{}.q.weight", "layers.{}.weight"),
            ("layers.{}.k.weight", "layers.{}.weight"),
            ("norm.weight", "norm.weight"),
            ("pooler.*", nil),
        ],
        prefixes: [("model.", ""), ("norm_f.", "norm.")]
    )

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func url(_ name: String) -> URL { folder.appending(path: "model/\(name).safetensors") }

    private func write(_ tensors: [String: Tensor], _ name: String = "model") throws {
        let named = tensors.sorted { $0.key < $1.key }.map { NamedTensor(name: $0.key, tensor: $0.value) }
        try Checkpoint.save(named, to: url(name))
    }

    private func tensors(_ prefix: String = "") -> [String: Tensor] {
        [
            prefix + "layers.0.q.weight": Tensor([1, 2] as [Float], shape: [1, 2]),
            prefix + "layers.0.k.weight": Tensor([3, 4, 5, 6, 7, 8] as [Float], shape: [3, 2]),
            prefix + "layers.1.q.weight": Tensor([0, 0] as [Float], shape: [1, 2]),
            prefix + "layers.1.k.weight": Tensor([9, 9, 9, 9, 9, 9] as [Float], shape: [3, 2]),
            prefix + "norm.weight": Tensor([1, 1] as [Float]),
        ]
    }

    private func loaded() throws -> Model {
        let model = Model()
        try ShardedCheckpoint(reading: url("model").deletingLastPathComponent()).load(
            model.tensors,
            names: Self.names
        )
        return model
    }

    private func problems() -> [String] {
        do {
            _ = try loaded()
            return []
        } catch let error as CheckpointError {
            return error.problems
        } catch { return ["\(error)"] }
    }

    @Test(
        "stack several tensors of one parameter in the order of the table, converted, under other writers' prefixes"
    )
    func stacked() throws {
        var written = tensors("model.").mapValues { $0.to(.bfloat16) }
        written["model.norm_f.weight"] = written.removeValue(forKey: "model.norm.weight")
        written["pooler.dense.weight"] = .zeros([3])
        try write(written)
        let model = try loaded()
        #expect(model.layers[0].weight.floats == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(model.layers[1].weight.floats == [0, 0, 9, 9, 9, 9, 9, 9])
        #expect(model.layers[0].weight.dtype == .float32)
    }

    @Test("are read from all files of the folder, whatever an index says")
    func shards() throws {
        let all = tensors()
        try write(all.filter { $0.key != "norm.weight" }, "a")
        try write(all.filter { $0.key == "norm.weight" }, "b")
        try Data(#"{"weight_map": {"norm.weight": "a.safetensors"}}"#.utf8)
            .write(to: url("model.safetensors.index").deletingPathExtension().appendingPathExtension("json"))
        #expect(try loaded().norm.weight.floats == [1, 1])
        try write(all.filter { $0.key == "norm.weight" }, "c")
        #expect(problems() == ["'norm.weight' is in b.safetensors, too"])
    }

    @Test(
        "name every tensor that is missing, unknown, of another shape, there twice, or not finite, in one error"
    )
    func mismatches() throws {
        var wrong = tensors()
        wrong["norm.weight"] = nil
        wrong["layers.0.q.weight"] = .zeros([2, 2])
        wrong["layers.2.q.weight"] = .zeros([1, 2])
        wrong["extra.bias"] = .zeros([1])
        wrong["model.layers.1.q.weight"] = .zeros([1, 2])
        try write(wrong)
        #expect(
            Set(problems()) == [
                "'norm.weight' is missing",
                "'layers.0.weight': expected [4, 2], found [2, 2] in 'layers.0.q.weight', [3, 2] in 'layers.0.k.weight'",
                "'layers.2.q.weight' is not a part of this model",
                "'extra.bias' is not a part of this model",
                "'layers.1.q.weight' and 'model.layers.1.q.weight' are the same tensor",
            ]
        )
        wrong = tensors()
        wrong["norm.weight"] = Tensor([1, .infinity] as [Float])
        try write(wrong)
        #expect(problems() == ["'norm.weight' holds numbers that are not finite"])
    }
}
