/// What an episode begins with, which others that are compared with it share.
struct Scene: Hashable, Comparable {
    let task: String
    let seed: Int

    init(_ episode: EpisodeResult) { (task, seed) = (episode.task, episode.seed) }

    static func < (left: Scene, right: Scene) -> Bool { (left.task, left.seed) < (right.task, right.seed) }
}
