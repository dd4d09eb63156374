public import Foundation

/// A simulator on this machine: a folder with `main.py`, and the Python that runs it.
///
/// The program reaches it only through the process's arguments and output; the simulator reaches the
/// program only as a client of openpi's protocol, so any policy server can stand in for ours.
public struct Simulator: Equatable, Sendable {
    /// The folder's name, for example `metaworld`.
    public let name: String

    /// The client's entry.
    public let script: URL

    /// The interpreter with the simulator's packages.
    public let python: URL

    /// Wraps a simulator whose place is known.
    public init(name: String, script: URL, python: URL) {
        self.name = name
        self.script = script
        self.python = python
    }

    /// Finds a simulator from the place of a program or file (``Installation``).
    ///
    /// - Parameters:
    ///   - name: The simulator's folder.
    ///   - place: Where to start; the running program if left out. Links are followed.
    /// - Throws: ``SimulatorError/unknownSimulator(_:known:searched:)`` or
    ///   ``SimulatorError/noPython(expected:command:)``.
    public init(named name: String, near place: URL? = nil) throws(SimulatorError) {
        let start = (place ?? Installation.program).resolvingSymlinksInPath()
        let roots = Installation.roots(above: start, holding: "Simulators")
        guard !name.contains("/"), let root = roots.first(where: { Self.script(of: name, in: $0).exists })
        else {
            throw .unknownSimulator(name, known: roots.first.map(Self.names) ?? [], searched: start.path)
        }
        self.init(
            name: name,
            script: Self.script(of: name, in: root),
            python: try Self.python(of: name, in: root)
        )
    }

    /// Asks the simulator about its robot and tasks.
    ///
    /// - Throws: ``SimulatorError`` when it does not answer, or not as expected.
    public func description() async throws -> SimulatorDescription {
        var lines: [String] = []
        for try await line in try SimulatorProcess(simulator: self, arguments: ["describe"]).lines {
            lines.append(line)
        }
        do {
            return try JSONDecoder().decode(SimulatorDescription.self, from: Data(lines.joined().utf8))
        } catch {
            throw SimulatorError.unreadableDescription(simulator: name, reason: "\(error)")
        }
    }

    /// A simulator with packages of its own pins them in its folder, and has an environment of its own;
    /// the others share the one that comes with every build.
    private static func python(of name: String, in root: URL) throws(SimulatorError) -> URL {
        let requirements = script(of: name, in: root).deletingLastPathComponent().appending(
            path: "requirements.txt"
        )
        let environment = requirements.exists ? "simulators/\(name)" : "python"
        let python = root.appending(path: ".deps/\(environment)/bin/python")
        guard python.exists else {
            let command = "Scripts/bootstrap" + (requirements.exists ? " --simulator \(name)" : "")
            throw .noPython(expected: python.path, command: command)
        }
        return python
    }

    private static func script(of name: String, in root: URL) -> URL {
        root.appending(path: "Simulators").appending(path: name).appending(path: "main.py")
    }

    private static func names(in root: URL) -> [String] {
        let folder = root.appending(path: "Simulators").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { script(of: $0, in: root).exists }.sorted()
    }
}
