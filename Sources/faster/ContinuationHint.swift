import Dispatch
import Foundation

/// Says how an interrupted command goes on, when ctrl-C ends it.
final class ContinuationHint {
    private let source: (any DispatchSourceSignal)?

    /// Says `text()` at ctrl-C, until this is released.
    init(_ text: @escaping @Sendable () -> String) {
        // A dispatch source sees signals that are ignored otherwise.
        let former = signal(SIGINT, SIG_IGN)
        // A shell starts jobs in the background with the signal ignored: ctrl-C is not meant for them.
        guard unsafeBitCast(former, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else {
            source = nil
            return
        }
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            Terminal.say(text())
            Self.endByInterrupt()
        }
        source.resume()
        self.source = source
    }

    deinit {
        guard let source else { return }
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }

    /// Ends the program by the signal itself, which tells shells to end their scripts, too.
    private static func endByInterrupt() {
        signal(SIGINT, SIG_DFL)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGINT)
    }
}
