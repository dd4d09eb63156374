public import PolicyProtocol

/// A source of replies to the messages of a ``PolicyServer``'s clients.
///
/// Messages of one connection arrive one after the other; those of different connections at the same time.
public protocol MessageHandler: Sendable {
    /// The map that every client receives when it connects.
    var metadata: WireValue { get }

    /// Replies to `message`.
    ///
    /// - Parameters:
    ///   - message: A client's message.
    ///   - connection: The client's connection.
    /// - Returns: A value to send back; a map gains the server's timing.
    /// - Throws: Any error; the client receives its description and is disconnected, unless the error is a
    ///   ``RequestRefusal``. Other clients stay connected.
    func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue

    /// True if a message matters for its reply only, so that its handling is cancelled once its client is gone; false where it is
    /// to be kept, as a recorder's.
    var isCancelledByDisconnection: Bool { get }

    /// Called once after a client's connection closed.
    func closed(connection: ConnectionID) async
}

extension MessageHandler {
    /// Messages are handled to the end.
    public var isCancelledByDisconnection: Bool { false }

    /// Does nothing.
    public func closed(connection: ConnectionID) async {}
}

/// An error that ends one request but not the connection.
public protocol RequestRefusal: Error {}

extension PredictionOptionError: RequestRefusal {}

/// The identity of a client's connection; a server never uses a number twice.
public struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
    /// Counts from 1.
    public let number: Int

    /// Creates the identity of connection `number`.
    public init(number: Int) { self.number = number }

    /// For example `connection 3`.
    public var description: String { "connection \(number)" }
}
