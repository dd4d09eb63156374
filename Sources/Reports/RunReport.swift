public import Foundation
import Support

/// Everything one run has to show, as values; ``html()`` turns it into one page that opens anywhere, offline.
///
/// Every part may stay empty: a part without values leaves no trace on the page, so that a run that stopped
/// early still has its report. Values that are not finite are drawn as gaps and printed as a dash.
public struct RunReport: Sendable {
    /// Title of the page.
    public var title: String
    /// One sentence under the title.
    public var subtitle = ""
    /// The few numbers a reader should leave with.
    public var keyFigures: [KeyFigure] = []
    /// The policy that comes with the program, seen before anything is trained.
    public var shipped: Shipped?
    /// Curves of training.
    public var curves: [Curve] = []
    /// Tokenizers side by side, one row each.
    public var tokenizers: [TokenizerRow] = []
    /// Action chunks before and after a tokenizer.
    public var overlays: [Overlay] = []
    /// Use of the entries of every codebook.
    public var codebookUse: [CodebookUse] = []
    /// Success in closed loop, one element a task.
    public var success: [TaskSuccess] = []
    /// The same for groups of tasks and their average, one element a group.
    public var groupSuccess: [TaskSuccess] = []
    /// Success under perturbations, the plain episodes first.
    public var perturbations: [PerturbationSuccess] = []
    /// Times of single inferences, milliseconds.
    public var latencies: [Double] = []
    /// Stages of an inference with their times, in order.
    public var stages: [Stage] = []
    /// Filmed episodes.
    public var rollouts: [Rollout] = []
    /// Facts of the run: seed, cores, versions, seconds of each phase.
    public var facts: [(name: String, value: String)] = []
    /// Commands that reproduce the run, one a line.
    public var commands: [String] = []

    /// A report with a title and nothing else yet.
    public init(title: String) {
        self.title = title
    }

    /// The whole page: HTML 5 with its style, charts and films inside, and nothing loaded from elsewhere.
    public func html() -> String {
        page.html
    }

    /// Writes the page to `url`, whole or not at all.
    ///
    /// - Throws: The system's error, with the path.
    public func write(to url: URL) throws {
        try DurableFile.write(Data(html().utf8), to: url)
    }
}
