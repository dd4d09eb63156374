internal import FASTerVLA
public import Foundation
internal import NN
public import Torch

/// A trained policy whose weights another one starts from.
public struct PolicyStart {
    /// Parts of a policy that can be taken over.
    public enum Part: String, CaseIterable, Sendable {
        /// The vision-language backbone.
        case backbone
        /// The action expert and the head.
        case expert
    }

    private let parts: PolicyFolder.Parts
    private let taken: Set<Part>
    private let folder: URL

    /// Reads the policy in `folder`; only the parts `taken` are used.
    ///
    /// - Throws: `PolicyFolderError` and the errors of checkpoints and tokenizers.
    public init(_ folder: URL, taking taken: Set<Part> = Set(Part.allCases), device: Device) throws {
        // Robots differ in contract and statistics, not in weights.
        let configuration = try PolicyFolder.configuration(of: folder)
        if let quantization = configuration.quantization {
            throw DemonstrationsError(
                description:
                    "\(folder.path): its weights are quantized (\(quantization.rawValue)), for inference only; start from the "
                    + "policy that 'faster policy quantize' made it of"
            )
        }
        let robot = configuration.mixture?.embodiments.first?.name
        parts = try PolicyFolder.parts(of: folder, embodiment: robot, device: device)
        self.taken = taken
        self.folder = folder
    }

    /// True if the backbone is taken over, with its image encoder.
    var takesBackbone: Bool { taken.contains(.backbone) }

    /// The parts and the folder, in words.
    var identity: String {
        let names = taken.map(\.rawValue).sorted().joined(separator: " and ")
        return "\(names.isEmpty ? "nothing" : names) of \(folder.path)"
    }

    /// Refuses a policy whose codes mean other actions than those of the policy that it starts from: the head would have to
    /// unlearn its own.
    ///
    /// - Throws: ``DemonstrationsError`` with the digests of both tokenizers.
    func check(_ policy: ResolvedPolicy) throws {
        guard taken.contains(.expert), parts.actions.tokenizer != nil,
            let digest = try policy.tokenizerDigest(),
            let own = parts.configuration.tokenizerDigest, digest != own
        else { return }
        throw DemonstrationsError(
            description:
                "\(folder.path): is a policy of the tokenizer \(own), the one given is \(digest): its head predicts other codes; "
                + "pass --tokenizer \(folder.appending(path: "tokenizer").path), or start from --take backbone alone"
        )
    }

    /// Copies the weights into `network`.
    ///
    /// - Throws: ``DemonstrationsError`` that names the first weight that differs in shape or is missing.
    func copy(into network: FASTerVLANetwork) throws {
        let known = Dictionary(uniqueKeysWithValues: parts.network.tensors.map { ($0.name, $0.tensor) })
        for named in network.tensors {
            let part: Part = named.name.hasPrefix("backbone.") ? .backbone : .expert
            guard taken.contains(part) else { continue }
            guard let tensor = known[named.name], tensor.shape == named.tensor.shape else {
                let found = known[named.name].map { "\($0.shape)" } ?? "none"
                throw DemonstrationsError(
                    description:
                        "\(folder.path): '\(named.name)': expected \(named.tensor.shape), found \(found); "
                        + "train with the same backbone, expert, head and tokenizer"
                )
            }
            withoutGradients { named.tensor.copyInPlace(tensor) }
        }
    }
}
