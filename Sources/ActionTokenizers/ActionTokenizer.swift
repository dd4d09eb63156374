public import RobotTypes

/// Turns chunks of actions into a few integers and back.
public protocol ActionTokenizer: Sendable {
    /// Short name, for example `fastervq`, `fast`, `binning`.
    var name: String { get }

    /// Control steps of a chunk.
    var horizon: Int { get }

    /// Columns of an action.
    var dimension: Int { get }

    /// How the robot's units map to the normalised ones that the codec works in.
    var normalization: Normalization { get }

    /// Sizes of the alphabets that tokens come from.
    var codebookSizes: [Int] { get }

    /// Which of ``codebookSizes`` the token at `position` belongs to.
    func codebook(ofToken position: Int) -> Int

    /// The tokens of normalised chunks, one list a chunk.
    func tokens(for chunks: ActionChunks) throws -> [[Int]]

    /// The normalised chunks of tokens; lists that cannot be decoded throw.
    func chunks(for tokens: [[Int]]) throws -> ActionChunks
}
