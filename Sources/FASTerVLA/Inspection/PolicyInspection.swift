internal import Backbones
public import Foundation
internal import NN
public import Torch

/// Size of a policy, part by part, and the work of a chunk beside what the machine can do.
public struct PolicyInspection: Encodable, Sendable {
    /// One part of the network.
    public struct Part: Encodable, Sendable {
        /// Its name, for example `backbone.vision`.
        public var name: String

        /// Number of parameters.
        public var parameters: Int

        /// Bytes of them in memory.
        public var bytes: Int
    }

    /// One stage of an inference, for one observation.
    public struct Stage: Encodable, Sendable {
        /// `prefix`, or `decoding`, of all forwards together.
        public var name: String

        /// Multiplications and additions of its products.
        public var flops: Int

        /// Bytes that its products read and write.
        public var bytes: Int

        /// Seconds that the machine's measured speed allows.
        public var limit: Double

        /// Seconds measured, the median of several observations.
        public var seconds: Double
    }

    /// Parts of the network.
    public var parts: [Part]

    /// All parts together.
    public var whole: Part {
        Part(
            name: "all",
            parameters: parts.reduce(0) { $0 + $1.parameters },
            bytes: parts.reduce(0) { $0 + $1.bytes }
        )
    }

    /// Number of tokens of the prefix.
    public var prefixTokens: Int

    /// Number of forwards after the prefix.
    public var forwards: Int

    /// Stages of an inference.
    public var stages: [Stage]

    /// Speed of products in the element type of the backbone, then of what decodes.
    public var speeds: [MachineSpeed]
}

extension PolicyInspection {
    /// Loads a policy, measures the machine, and the policy on a synthetic observation.
    ///
    /// - Parameters:
    ///   - folder: Folder of the policy.
    ///   - embodiment: Robot of a policy for several; nil for the only one.
    ///   - device: Device to compute on.
    ///   - repetitions: Number of observations that are timed.
    /// - Throws: The errors of ``PolicyFolder``.
    public init(
        of folder: URL,
        embodiment: String? = nil,
        device: Device,
        repetitions: Int = 5
    ) throws {
        let loaded = try PolicyFolder.parts(of: folder, embodiment: embodiment, device: device)
        let network = loaded.network
        parts = Self.parts(of: network)
        let input = PolicyInput(
            loaded.configuration,
            try loaded.configuration.backbone.makeProcessor(loaded.model),
            embodiment: loaded.embodiment,
            states: StateTokenizer(
                normalization: loaded.state,
                binCount: loaded.configuration.backbone.stateBins
            ),
            device: device
        )
        let observation = try input([input.synthetic])
        let dtypes = [
            network.backbone as any Module, network.suffixDecoder as? any Module ?? network.backbone,
        ]
        .map { Self.dtype(of: $0) }
        speeds = dtypes.map { MachineSpeed(measuring: $0, on: device) }
        let backend = InferenceBackend(fastestFor: network)
        var fast = ActionDecoder(network, actions: loaded.actions, backend: backend)
        var plain = ActionDecoder(network, actions: loaded.actions)
        var times: [[Double]] = [[], []]
        let work: [ProductCount]
        (prefixTokens, forwards, work) = try withoutGradients {
            let (prefix, prefixWork) = countingProducts { network.backbone.prefix(of: observation) }
            let (prediction, decodingWork) = try countingProducts { try plain.predict(after: prefix) }
            // The first forwards of a process are slower.
            _ = try fast.predict(after: prefix)
            for _ in 0 ..< repetitions {
                var stopwatch = Stopwatch(device)
                let prefix = backend.prefixEncoder.prefix(of: observation)
                times[0].append(stopwatch.lap() / .seconds(1))
                _ = try fast.predict(after: prefix)
                times[1].append(stopwatch.lap() / .seconds(1))
            }
            return (prefix.length, prediction.blockTimes.count, [prefixWork, decodingWork])
        }
        stages = zip(["prefix", "decoding"], zip(work, zip(speeds, times))).map { name, measured in
            let (work, (speed, times)) = measured
            return Stage(
                name: name,
                flops: work.flops,
                bytes: work.bytes,
                limit: speed.seconds(for: work),
                seconds: times.sorted()[times.count / 2]
            )
        }
    }

    /// The network's parts: those of the backbone, expert and head.
    static func parts(of network: any Module) -> [Part] {
        var parts: [Part] = []
        for named in network.tensors {
            let path = named.name.split(separator: ".")
            let name = path.prefix(path[0] == "backbone" ? 2 : 1).joined(separator: ".")
            if parts.last?.name != name { parts.append(Part(name: name, parameters: 0, bytes: 0)) }
            parts[parts.count - 1].parameters += named.parameterCount
            parts[parts.count - 1].bytes += named.tensor.count * named.tensor.dtype.byteCount
        }
        return parts
    }

    /// Element type of most parameters, of those that are no whole numbers.
    static func dtype(of module: any Module) -> DType {
        let sizes = module.tensors.filter { $0.tensor.dtype.isFloatingPoint && !$0.isWeightScale }
            .reduce(into: [DType: Int]()) { $0[$1.tensor.dtype, default: 0] += $1.tensor.count }
        return sizes.max { $0.value < $1.value }?.key ?? .float32
    }
}
