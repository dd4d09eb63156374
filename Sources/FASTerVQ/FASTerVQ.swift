public import ActionTokenizers
public import Foundation
public import RobotTypes
public import Torch
public struct FASTerVQTokenizer: ActionTokenizer {
    public var name: String { "" }
    public var horizon: Int { 0 }
    public var dimension: Int { 0 }
    public var normalization: Normalization
    public var codebookSizes: [Int] { [] }
    public func codebook(ofToken position: Int) -> Int { 0 }
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] { [] }
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks { fatalError() }
    public var actionSpace: ActionSpace
    public var codebookCount: Int { 0 }
    public var placeCount: Int { 0 }
    public var codebookSize: Int { 0 }
    public init(loading: URL, device: Device) throws { fatalError() }
    public func save(to: URL) throws {}
}
