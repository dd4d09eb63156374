public import NN
public import Torch

/// EfficientNet-Lite0, a convolutional network for images: EfficientNet-B0 (arXiv 1905.11946, table 1) without
/// squeeze-and-excitation and with ReLU6 in place of swish.
///
/// Batch normalization is folded into the convolutions before it, as for inference.
///
/// Source: the network of TensorFlow's `efficientnet/lite`, as the package efficientnet-lite-pytorch 0.1.0 defines it.
public struct EfficientNetLite: Module {
    /// Blocks of one size of map.
    struct Stage {
        let blocks: Int
        let kernel: Int
        /// Stride of the first block.
        let stride: Int
        /// Channels inside a block, as a multiple of those before it.
        let expansion: Int
        let channels: Int
    }

    static let stages = [
        Stage(blocks: 1, kernel: 3, stride: 1, expansion: 1, channels: 16),
        Stage(blocks: 2, kernel: 3, stride: 2, expansion: 6, channels: 24),
        Stage(blocks: 2, kernel: 5, stride: 2, expansion: 6, channels: 40),
        Stage(blocks: 3, kernel: 3, stride: 2, expansion: 6, channels: 80),
        Stage(blocks: 3, kernel: 5, stride: 1, expansion: 6, channels: 112),
        Stage(blocks: 4, kernel: 5, stride: 2, expansion: 6, channels: 192),
        Stage(blocks: 1, kernel: 3, stride: 1, expansion: 6, channels: 320),
    ]

    static let stemChannels = 32
    static let headChannels = 1280

    let stem: SamePaddedConvolution
    let blocks: [InvertedResidual]
    let head: Head?

    /// Classifier of the whole network.
    struct Head: Module {
        let convolution: SamePaddedConvolution
        let classifier: Linear
    }

    /// Creates a network with random weights from libtorch's generator.
    ///
    /// - Parameters:
    ///   - stageCount: Number of stages, of seven: five end with 112 channels at a stride of 16.
    ///   - classCount: Classes of images that the whole network tells apart; nil for a network of features alone.
    ///   - device: Device of the parameters.
    public init(stageCount: Int = 7, classCount: Int? = nil, device: Device = .cpu) {
        precondition(1 ... Self.stages.count ~= stageCount, "EfficientNet-Lite0 has seven stages")
        precondition(
            classCount == nil || stageCount == Self.stages.count,
            "classes are told apart after all stages"
        )
        let gain = 2.0.squareRoot()
        stem = SamePaddedConvolution(
            3,
            Self.stemChannels,
            kernel: 3,
            stride: 2,
            gain: gain,
            device: device
        )
        var channels = Self.stemChannels
        blocks = Self.stages.prefix(stageCount).flatMap { stage in
            (0 ..< stage.blocks).map { index in
                defer { channels = stage.channels }
                return InvertedResidual(stage, inputs: channels, isFirst: index == 0, device: device)
            }
        }
        head = classCount.map { count in
            Head(
                convolution: SamePaddedConvolution(
                    channels,
                    Self.headChannels,
                    kernel: 1,
                    gain: gain,
                    device: device
                ),
                classifier: Linear(Self.headChannels, count, device: device)
            )
        }
    }

    /// The map after the last block.
    ///
    /// - Parameter images: `[B, 3, h, w]`, normalised by ``normalized(_:)``, best with channels last in memory.
    /// - Returns: `[B, channels, h / stride, w / stride]`, rounded up.
    public func features(_ images: Tensor) -> Tensor {
        blocks.reduce(stem(images).relu6InPlace()) { $1($0) }
    }

    /// Scores of the classes.
    ///
    /// - Parameter images: `[B, 3, h, w]`, normalised by ``normalized(_:)``.
    /// - Returns: `[B, classes]`.
    public func logits(_ images: Tensor) -> Tensor {
        guard let head else { preconditionFailure("a network of features alone tells no classes apart") }
        let map = head.convolution(features(images)).relu6InPlace()
        return head.classifier(map.mean(3).mean(2))
    }

    /// Pixels from 0 to 255 as the network was trained on them.
    public static func normalized(_ pixels: Tensor) -> Tensor { (pixels - 127.0) * (1.0 / 128) }
}
