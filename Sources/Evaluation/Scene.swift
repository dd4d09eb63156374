/// Task and seed of an episode, which paired episodes share.
struct Scene: Hashable, Comparable {
    let task: String
    let seed: Int

    init(_ episode: EpisodeResult) { (task, seed) = (episode.task, episode.seed) }

    static func < (left: Scene, right: Scene) -> Bool { (left.task, left.seed) < (right.task, right.seed) }
}
