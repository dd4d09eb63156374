internal import Backbones
internal import Torch

/// Actions out of noise, by Euler's method along the direction that a network learned.
struct FlowDecoder {
    private let network: FASTerVLANetwork
    private let head: FlowHead
    private let packed: PackedExpert?

    /// Prepares to decode with `network` as its weights are now, whose head is `head`.
    init(_ network: FASTerVLANetwork, _ head: FlowHead) {
        self.network = network
        self.head = head
        packed = network.expert.flatMap(PackedExpert.init)
    }

    /// Normalised actions after `prefix`, `[B, horizon, dimension]`, and what every step took.
    func actions(after prefix: Prefix) -> (actions: Tensor, stepTimes: [Duration]) {
        let configuration = head.configuration
        let (batch, device) = (prefix.keys[0].size(0), prefix.keys[0].device)
        var actions = Tensor.randn([batch, configuration.horizon, configuration.dimension]).to(device)
        var cache = KeyValueCache(prefix, roomFor: configuration.horizon)
        var stopwatch = Stopwatch(device)
        var times: [Duration] = []
        for step in 0 ..< configuration.steps {
            let now = 1 - Double(step) / Double(configuration.steps)
            let time = Tensor.full([batch], now, device: device)
            let direction = network.direction(
                actions,
                time: time,
                head,
                after: prefix,
                cache: &cache,
                packed: packed
            )
            cache.forget(configuration.horizon)
            actions = actions - direction.to(.float32) * (1 / Double(configuration.steps))
            times.append(stopwatch.lap())
        }
        return (actions, times)
    }
}
