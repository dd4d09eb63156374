import Foundation
import NN
import TemporaryFolder
import Testing
import Torch

private struct Toy: Module {
    let layers: [Linear]
    let norm: LayerNorm?
    let absent: LayerNorm?
    @Buffer var counts: Tensor
    let name = "toy"

    init() {
        layers = [Linear(3, 4), Linear(4, 2, bias: false)]
        norm = LayerNorm(4, bias: false)
        absent = nil
        _counts = Buffer(wrappedValue: .zeros([2]))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { layers[1](norm?(layers[0](x)) ?? x) }
}

@Suite("Modules")
struct ModuleTests {
    private let folder: TemporaryFolder

    private var file: URL { folder.appending(path: "model/model.safetensors") }

    init() throws { folder = try TemporaryFolder() }

    @Test("name their tensors by the path of properties")
    func names() {
        let toy = Toy()
        #expect(
            toy.parameters.map(\.name) == [
                "layers.0.weight", "layers.0.bias", "layers.1.weight", "norm.weight",
            ]
        )
        #expect(toy.tensors.map(\.name).last == "counts")
        #expect(toy.parameterCount == 12 + 4 + 8 + 4)
    }

    @Test("come back from disk as they were")
    func checkpoint() throws {
        let (toy, other) = (Toy(), Toy())
        toy.counts.fillInPlace(3)
        try Checkpoint.save(toy.tensors, to: file)
        try Checkpoint.load(other.tensors, from: file)
        let x = Tensor.randn([5, 3])
        #expect(toy(x).floats == other(x).floats)
        #expect(other.counts.floats == [3, 3])
        #expect(other.layers[0].weight.requiresGradient)
    }

    @Test("refuse a checkpoint of another model and list the differences")
    func mismatch() throws {
        try Checkpoint.save(
            [
                NamedTensor(name: "layers.0.weight", tensor: .zeros([1])),
                NamedTensor(name: "x", tensor: .zeros([1])),
            ],
            to: file
        )
        let toy = Toy()
        let before = toy.layers[0].weight.floats
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.load(toy.tensors, from: file) }
        let text = error?.description ?? ""
        #expect(text.contains("'x' is not a part of this model"))
        #expect(text.contains("'layers.0.weight': expected F32[4, 3], found F32[1]"))
        #expect(text.contains("'norm.weight' is missing"))
        #expect(toy.layers[0].weight.floats == before)
    }

    @Test("refuse weights that are no numbers, and stay as they were")
    func notFinite() throws {
        let (toy, astray) = (Toy(), Toy())
        let before = toy.layers[0].weight.floats
        withoutGradients { astray.layers[0].weight.fillInPlace(.nan) }
        try Checkpoint.save(astray.tensors, to: file)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.load(toy.tensors, from: file) }
        #expect(error?.problems == ["'layers.0.weight' holds numbers that are not finite"])
        #expect(toy.layers[0].weight.floats == before)
    }
}
