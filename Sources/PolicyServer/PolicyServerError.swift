import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An error of starting a server.
public enum PolicyServerError: Error, Equatable, CustomStringConvertible {
    /// An address on which another program listens.
    case addressInUse(host: String, port: Int)
    /// A port that the system forbids.
    case forbidden(host: String, port: Int)
    /// A host that is not an address of this machine.
    case unknownHost(host: String, reason: String)
    /// A number that is not a port.
    case impossiblePort(Int)
    /// A second call of `start`.
    case alreadyStarted

    /// The error that a failed bind means.
    init(_ error: any Error, host: String, port: Int) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .addressInUse(host: host, port: port)
        case EACCES, EPERM: self = .forbidden(host: host, port: port)
        default: self = .unknownHost(host: host, reason: String(describing: error))
        }
    }

    /// The error in a sentence that says what to do.
    public var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "cannot listen on \(host):\(port): another program already does; stop it, or choose another port "
                + "(port 0 takes any free one)"
        case .forbidden(let host, let port):
            "cannot listen on \(host):\(port): not permitted; choose a port above 1023"
        case .unknownHost(let host, let reason):
            "cannot listen on host '\(host)': \(reason); use an address of this machine, 127.0.0.1 for this machine "
                + "only, or 0.0.0.0 for all networks"
        case .impossiblePort(let port):
            "cannot listen on port \(port): expected 0 ... 65535 (0 takes any free one)"
        case .alreadyStarted: "this server was started before; create another one"
        }
    }
}
