internal import Backbones
internal import Foundation
public import RobotTypes
internal import Torch

/// Observations as inputs of a backbone.
struct PolicyInput: Sendable {
    private let contract: PolicyContract
    private let processor: any InputProcessor
    private let states: StateTokenizer
    private let layout: InputLayout
    /// Cameras of the network, in its order.
    private let cameras: [PolicyContract.Camera]
    private let device: Device

    /// Encodes observations that fulfil the contract of `configuration`, with states binned by `states`, for `device`.
    init(
        _ configuration: PolicyConfiguration,
        _ processor: any InputProcessor,
        embodiment: Int?,
        states: StateTokenizer,
        device: Device
    ) {
        contract = configuration.contract
        self.processor = processor
        layout = InputLayout(configuration, embodiment: embodiment)
        let names = configuration.mixture?.cameras ?? contract.cameras.map(\.name)
        cameras = zip(names, processor.imageSizes).map {
            .init(name: $0, height: $1.height, width: $1.width)
        }
        (self.states, self.device) = (states, device)
    }

    /// The input of a batch, `observations`.
    ///
    /// - Throws: The errors of text tokenizers.
    func callAsFunction(_ observations: [Observation]) throws -> PrefixInput {
        processor(ObservationBatch(joining: try observations.map(batch)), device: device)
    }

    /// A batch of one, `observation`.
    private func batch(_ observation: Observation) throws -> ObservationBatch {
        let images = cameras.enumerated().map { index, camera in
            guard layout.hasCamera?[index] ?? true else {
                let black = [UInt8](repeating: 0, count: camera.height * camera.width * 3)
                return processor.tiles(of: black, camera: index)
            }
            guard let image = observation.images[camera.name],
                (image.height, image.width) == (camera.height, camera.width)
            else {
                preconditionFailure(
                    "observations hold an image of \(camera.height) x \(camera.width) pixels of \(camera.name)"
                )
            }
            return processor.tiles(of: image.pixels, camera: index)
        }
        precondition(
            observation.state.count == contract.stateDimension,
            "observations hold a state of \(contract.stateDimension) values"
        )
        let state = layout.networkState(states.bins(for: observation.state))
        return ObservationBatch(
            images: images,
            hasImage: layout.hasCamera ?? images.map { _ in true },
            tokens: [try processor.tokens(instruction: observation.instruction, state: state)],
            state: state
        )
    }

    /// An observation to measure latencies with: black images, a state of zeros.
    var synthetic: Observation {
        let images = contract.cameras.map { camera in
            let pixels = [UInt8](repeating: 0, count: camera.height * camera.width * 3)
            return (camera.name, Image(width: camera.width, height: camera.height, pixels: pixels))
        }
        return Observation(
            images: Dictionary(images) { $1 },
            state: [Float](repeating: 0, count: contract.stateDimension),
            instruction: "pick up the object"
        )
    }
}

/// Robot states as bins: normalised to about [-1, 1], then cut into even bins (arXiv 2512.04952, model inputs).
public struct StateTokenizer: Sendable {
    /// Normalization of states.
    public let normalization: Normalization

    /// Number of bins over [-1, 1]; values outside fall into the first or the last.
    public let binCount: Int

    /// Creates a tokenizer of `binCount` bins.
    public init(normalization: Normalization, binCount: Int) {
        self.normalization = normalization
        self.binCount = binCount
    }

    /// The bin of every value of `states`, rows in the robot's units, `[n, stateDimension]`.
    public func bins(for states: [Float]) -> [Int] {
        normalization.normalized(states).map { value in
            // Moved into range before the conversion, which traps beyond the range of integers.
            Int(min(Float(binCount - 1), max(0, ((value + 1) / 2 * Float(binCount)).rounded(.down))))
        }
    }
}
