/// Bytes that are not a message of the protocol, or a value that cannot become one.
public struct WireError: Error, Equatable, CustomStringConvertible {
    /// The kinds of errors.
    public enum Kind: Equatable, Sendable {
        /// The message ends inside a value.
        case truncated
        /// A byte that starts no MessagePack value.
        case invalidByte(UInt8)
        /// Bytes after the end of the value.
        case trailingBytes(Int)
        /// More bytes than the limit.
        case tooLarge(bytes: Int, limit: Int)
        /// Lists and maps nested deeper than the limit.
        case tooDeep(limit: Int)
        /// More single values than the limit.
        case tooManyValues(limit: Int)
        /// Text that is not UTF-8.
        case notText
        /// A map key that is neither text, bytes nor a whole number.
        case keyIsNotText
        /// An extension type; the protocol uses none.
        case extensionType(Int8)
        /// A NumPy array or scalar that contradicts itself; the text says how.
        case malformedArray(String)
        /// msgpack-c refused what passed every other check.
        case refused(code: Int32)
    }

    /// The kind of error.
    public let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    /// The error in a sentence.
    public var description: String { "message: " + explanation }

    /// The error without the word `message`.
    var explanation: String {
        switch kind {
        case .truncated: "it ends inside a value; send one whole MessagePack value in a binary message"
        case .invalidByte(let byte): "byte \(byte) starts no MessagePack value; pack with msgpack_numpy"
        case .trailingBytes(let count): "\(count) bytes follow its end; send one MessagePack value a message"
        case .tooLarge(let bytes, let limit):
            "\(bytes) bytes, at most \(limit) are accepted; send smaller images"
        case .tooDeep(let limit): "lists and maps lie more than \(limit) deep inside each other"
        case .tooManyValues(let limit):
            "more than \(limit) single values; send long lists of numbers as NumPy arrays"
        case .notText: "text that is not UTF-8"
        case .keyIsNotText: "a map key that is neither text nor a whole number"
        case .extensionType(let type):
            "MessagePack extension type \(type) is not part of the protocol; send plain values and NumPy arrays"
        case .malformedArray(let reason): "NumPy array: \(reason)"
        case .refused(let code): "msgpack-c cannot read it (code \(code))"
        }
    }
}
