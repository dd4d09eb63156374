import Backbones
import FASTerVLA
import Foundation
import NN
import Torch
@main struct Faster {
    static func main() {
        let args = CommandLine.arguments
        Torch.threadCount = Int(args[1])!
        let bf16 = args[2] == "bf16"
        var config = CompactBackbone.Configuration(cameras: [.init(height: 96, width: 96, pixelsPerToken: 16), .init(height: 96, width: 96, pixelsPerToken: 32)], stateDimension: 4)
        config.width = Int(args[3])!
        let backbone = CompactBackbone(config, device: .cpu)
        let net = FASTerVLANetwork(backbone: backbone, expert: .init(), schedule: BlockSchedule(codebookCount: 3, placeCount: 5), codebookSize: 1024, spacing: Spacing(), device: .cpu)
        print("parameters", net.parameterCount, "backbone", backbone.parameterCount)
        let B = 64
        let input = PrefixInput(images: [Tensor.randint(0..<256, [B,96,96,3]).to(.uint8), Tensor.randint(0..<256, [B,96,96,3]).to(.uint8)], text: Tensor.randint(1..<256, [B, 16]), state: Tensor.randint(0..<256, [B,4]))
        let codes = Tensor.randint(0..<1024, [B, 15])
        let opt = AdamW(net.parameters, configuration: .init())
        let params = net.parameters
        for i in 0..<12 {
            let t = Date()
            let loss = withAutocast(to: bf16 ? .bfloat16 : nil, on: .cpu) { net.loss(input, codes: codes, labelSmoothing: 0).total }
            let t1 = Date()
            loss.backward()
            let t2 = Date()
            GradientClipping.clip(params, limit: 1)
            opt.step(factor: 1); opt.forgetGradients()
            let t3 = Date()
            if i % 3 == 2 { print(i, loss.item, "fwd", t1.timeIntervalSince(t), "bwd", t2.timeIntervalSince(t1), "opt", t3.timeIntervalSince(t2), "samples/s", Double(B) / t3.timeIntervalSince(t)) }
        }
        let one = PrefixInput(images: input.images.map { $0.narrowed(0, from: 0, count: 1) }, text: input.text.narrowed(0, from: 0, count: 1), state: input.state.narrowed(0, from: 0, count: 1))
        withoutGradients {
            for b in [5, 1] {
                let d = BlockDecoder(net, blockSize: b, sampling: .greedy)
                var ts: [Double] = [], ps: [Double] = []
                for _ in 0..<40 { let t = Date(); let p = backbone.prefix(of: one); let t1 = Date(); _ = d.codes(after: p).integers; ps.append(t1.timeIntervalSince(t)); ts.append(Date().timeIntervalSince(t1)) }
                print("block", b, "prefix ms", ps.sorted()[20] * 1e3, "decode ms", ts.sorted()[20] * 1e3)
            }
        }
    }
}
