public import PolicyProtocol

/// What answers the messages of a ``PolicyServer``.
///
/// Messages of one connection arrive one after the other; those of different connections at the same time.
public protocol MessageHandler: Sendable {
    /// The map that every client receives when it connects.
    var metadata: WireValue { get }

    /// The answer to `message`.
    ///
    /// - Parameters:
    ///   - message: What a client sent.
    ///   - connection: The client, so that sessions can be told apart.
    /// - Returns: A value to send back; a map gains the server's timing.
    /// - Throws: Any error; the client receives its description and is disconnected, unless the error is a
    ///   ``RequestRefusal``. Others go on.
    func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue

    /// Called once when a client is gone, after its last reply.
    func closed(connection: ConnectionID) async
}

extension MessageHandler {
    /// Ignores that a client is gone.
    public func closed(connection: ConnectionID) async {}
}

/// An error that ends one request but not the connection: the client learns what to ask otherwise.
public protocol RequestRefusal: Error {}

extension AnswerOptionError: RequestRefusal {}

/// One client, from connecting to leaving; a server never uses a number twice.
public struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
    /// Counts from 1.
    public let number: Int

    /// Creates the identity of connection `number`.
    public init(number: Int) { self.number = number }

    /// For example `connection 3`.
    public var description: String { "connection \(number)" }
}
