internal import Backbones
internal import Torch

/// Errors of one variant, the largest of every group of tensors.
struct Comparison {
    private(set) var errors: [String: Double] = [:]

    private let reference: Reference
    private let variant: String
    private let input: PrefixInput

    init(_ backbone: any PretrainedBackbone, _ reference: Reference, _ variant: String) throws {
        (self.reference, self.variant) = (reference, variant)
        input = try reference.input(of: variant)
        var found: [String: Tensor] = [:]
        backbone.trace(input) { found[$0] = $1 }
        for name in reference.outputs(of: variant) {
            guard let tensor = found[name] else {
                throw PretrainedError(
                    file: variant,
                    reason: "transformers gives '\(name)', the backbone does not"
                )
            }
            try add(name, tensor, to: reference.output(name, of: variant))
        }
        if input.isSuffix == nil { addPrefix(backbone, found) } else { try addCached(backbone) }
    }

    /// Compares keys and values as action experts read them with those of the whole forward.
    private mutating func addPrefix(_ backbone: any PretrainedBackbone, _ found: [String: Tensor]) {
        let prefix = backbone.prefix(of: input)
        for layer in 0 ..< backbone.layerCount {
            for (name, tensor) in [("keys", prefix.keys[layer]), ("values", prefix.values[layer])] {
                guard let whole = found["\(name).\(layer)"] else { continue }
                set("prefix", relativeError(real(tensor), real(whole)))
            }
        }
    }

    /// Decodes the text after the prompts token by token on top of the prompts' keys and values, as a policy does.
    private mutating func addCached(_ backbone: any PretrainedBackbone) throws {
        guard let isSuffix = input.isSuffix, input.tokenMask == nil else { return }
        let length = input.tokens.size(1)
        let first = length - Int(isSuffix.select(0, 0).to(.int64).sum().item)
        var prompt = input
        prompt.isSuffix = nil
        prompt.tokens = input.tokens.narrowed(1, from: 0, count: first)
        let prefix = backbone.prefix(of: prompt)
        var cache = KeyValueCache(prefix, roomFor: length - first)
        let logits = (first ..< length).map { index in
            let token = input.tokens.narrowed(1, from: index, count: 1)
            let features = backbone.decode(
                backbone.embeddings(ofWords: token),
                positions: prefix.nextPosition.unsqueezed(1) + Double(index - first),
                cache: &cache,
                mask: nil
            )
            return backbone.logits(of: features)
        }
        let expected = try reference.output("logits", of: variant)
        set(
            "cached",
            relativeError(
                .concatenated(logits, axis: 1),
                expected.narrowed(1, from: first, count: length - first)
            )
        )
    }

    private mutating func add(_ name: String, _ found: Tensor, to expected: Tensor) throws {
        guard found.shape == expected.shape else {
            throw PretrainedError(
                file: variant,
                reason: "'\(name)': transformers gives \(expected.shape), the backbone \(found.shape)"
            )
        }
        let group = name.split(separator: ".").first.map(String.init) ?? name
        set(group, relativeError(real(found), real(expected)))
    }

    private mutating func set(_ group: String, _ error: Double) {
        // A comparison with what is no number is an error, too.
        errors[group] = error.isNaN ? .infinity : max(errors[group] ?? 0, error)
    }

    /// Without tokens of padding, of which nothing is defined: zero there.
    private func real(_ tensor: Tensor) -> Tensor {
        guard let mask = input.tokenMask, tensor.size(0) == mask.size(0) else { return tensor }
        if tensor.rank == 3, tensor.size(1) == mask.size(1) {
            return tensor.filled(where: mask.logicalNot().unsqueezed(2), with: 0)
        }
        guard tensor.rank == 4, tensor.size(2) == mask.size(1) else { return tensor }
        return tensor.filled(where: mask.logicalNot().unsqueezed(1).unsqueezed(3), with: 0)
    }
}

/// Largest difference, as a fraction of the largest expected element.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
    let difference = (found.to(.float64) - expected.to(.float64)).abs().max().item
    return difference / expected.to(.float64).abs().max().item
}
