internal import NN
internal import Support
internal import Torch

/// Data-parallel training: every process computes the gradient of its share of a batch and applies the mean of all.
///
/// Processes hold the same weights and take the same decisions; rank 0 writes.
struct DataParallel {
    let group: ProcessGroup

    /// Nil in a single process.
    init?(_ group: ProcessGroup?) {
        guard let group, group.size > 1 else { return nil }
        self.group = group
    }

    /// Gives all processes the tensors and the step that rank 0 begins with.
    ///
    /// - Returns: The step.
    func begin(with tensors: [NamedTensor], at step: Int) throws -> Int {
        try group.broadcast(tensors.map(\.tensor))
        return Int(try group.sum([group.rank == 0 ? Double(step) : 0])[0])
    }

    /// Seeds libtorch's generator for a step, each process differently, so that a checkpoint need not hold the states of all.
    func seed(_ seed: UInt64, step: Int) {
        var random = SeededRandom(seed: seed, 5, UInt64(step), UInt64(group.rank))
        Torch.seed(random.next())
    }

    /// Gives all processes the state of rank 0's generator.
    func shareRandomState() throws {
        let state = Torch.randomState
        try group.broadcast([state])
        Torch.randomState = state
    }

    /// Rank 0's value of a number by which all processes decide.
    func leaders(_ number: Double) throws -> Double { try group.sum([group.rank == 0 ? number : 0])[0] }

    /// The reducer that averages the gradients of `parameters` over the processes; nil without any.
    func reducer(of parameters: [NamedTensor]) -> GradientReducer? {
        parameters.isEmpty ? nil : GradientReducer(parameters.map(\.tensor), over: group)
    }

    /// The means of metrics over the processes.
    func average(_ metrics: [String: Double]) throws -> [String: Double] {
        let names = metrics.keys.sorted()
        let sums = try group.sum(names.map { metrics[$0] ?? 0 })
        return Dictionary(uniqueKeysWithValues: zip(names, sums.map { $0 / Double(group.size) }))
    }
}

extension ProcessGroup {
    /// This process's part of examples that all share evenly, in their order.
    func share<Example>(of examples: [Example]) -> [Example] { examples.part(rank, of: size) }

    /// Runs `body` in rank 0 first and in all others afterwards, as they find its files.
    func leaderFirst<Result>(_ body: () throws -> Result) throws -> Result {
        if rank > 0 { try barrier() }
        let result = try body()
        if rank == 0 { try barrier() }
        return result
    }

    /// This process's part of the examples of a batch.
    func share(of parts: [MixtureOrder.Part]) -> [MixtureOrder.Part] { parts.share(rank, of: size) }
}

extension ProcessGroup? {
    /// True in the process that writes: rank 0, or the only one.
    var isLeader: Bool { (self?.rank ?? 0) == 0 }
}

extension Array {
    /// The part at `position` of `count` equal ones, in order.
    fileprivate func part(_ position: Int, of count: Int) -> [Element] {
        let size = self.count / count
        return Array(self[position * size ..< (position + 1) * size])
    }
}

extension [MixtureOrder.Part] {
    /// The examples at `position` of `count` equal parts of all, in order.
    func share(_ position: Int, of count: Int) -> [MixtureOrder.Part] {
        guard count > 1 else { return self }
        let examples = flatMap { part in part.indices.map { (source: part.source, index: $0) } }
        let own = examples.part(position, of: count)
        return compactMap { part in
            let indices = own.filter { $0.source == part.source }.map(\.index)
            return indices.isEmpty ? nil : MixtureOrder.Part(source: part.source, indices: indices)
        }
    }
}
