public import ActionTokenizers
internal import Foundation
internal import LeRobot

/// A dataset that a policy learns from, by the name of its robot.
public struct PolicySource: Sendable {
    /// Name of the robot, which its sources share; a policy for several is told by it which one it serves.
    public var name: String

    /// The dataset.
    public var demonstrations: Demonstrations

    /// Episodes to train on; nil for all.
    public var episodes: [Int]?

    /// Episodes to validate on, none of which is trained on; they have no influence on the result.
    public var heldOut: [Int] = []

    /// Share of the examples beside other sources.
    public var weight = 1.0

    /// Tokenizer of the robot's actions, for heads that predict FASTerVQ's codes; tokenizers of several robots share a model.
    public var tokenizer: (any ActionTokenizer)?

    /// A source of all episodes of `demonstrations`.
    public init(_ demonstrations: Demonstrations, name: String = "robot") {
        self.demonstrations = demonstrations
        self.name = name
    }

    /// The episodes to train on.
    var trained: [Int] { episodes ?? Array(demonstrations.dataset.episodes.indices) }

    /// - Throws: ``DemonstrationsError`` that names an episode which is both trained on and held out.
    func checkHeldOut() throws(DemonstrationsError) {
        if let both = Set(trained).intersection(heldOut).min() {
            throw DemonstrationsError(
                description: "episode \(both) is both trained on and held out: leave it out of one of the two"
            )
        }
    }
}

extension [PolicySource] {
    /// The robots of the sources, in the order of their first ones.
    ///
    /// - Throws: ``DemonstrationsError`` that names two datasets of one name which cannot be of one robot.
    public func robots() throws -> [RobotDemonstrations] {
        try RobotDemonstrations.gathered(map { ($0.name, $0.demonstrations, $0.episodes) })
    }

    /// Name of a source in messages: of the robot, and of the dataset where the robot has several.
    func label(of source: PolicySource) -> String {
        let isOnly = count { $0.name == source.name } == 1
        return isOnly
            ? source.name : "\(source.name), \(source.demonstrations.dataset.folder.lastPathComponent)"
    }
}
