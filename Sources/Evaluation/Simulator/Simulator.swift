public import Foundation

/// A simulator on this machine: a folder of the Python package `Simulators`, and the Python that runs it.
///
/// The program reaches it only through the process's arguments and output; the simulator reaches the
/// program only as a client of openpi's protocol, so any policy server can stand in for ours.
public struct Simulator: Equatable, Sendable {
    /// The folder's name, for example `metaworld`.
    public let name: String

    /// The folder that holds the package `Simulators`.
    public let root: URL

    /// The interpreter with the simulator's packages.
    public let python: URL

    /// The Python package of all simulators.
    static let package = "Simulators"

    /// A simulator from its parts.
    public init(name: String, root: URL, python: URL) {
        self.name = name
        self.root = root
        self.python = python
    }

    /// Finds a simulator near a program (``Installation``).
    ///
    /// - Parameters:
    ///   - name: The simulator's folder.
    ///   - program: The file to search from; the running program by default. Links are followed.
    /// - Throws: ``SimulatorError/unknownSimulator(_:known:searched:)`` or
    ///   ``SimulatorError/noPython(expected:command:)``.
    public init(named name: String, near program: URL? = nil) throws(SimulatorError) {
        let start = (program ?? Installation.program).resolvingSymlinksInPath()
        let roots = Installation.roots(above: start, holding: Self.package)
        guard !name.contains("/"), let root = roots.first(where: { Self.tasks(of: name, in: $0).exists })
        else {
            throw .unknownSimulator(name, known: roots.first.map(Self.names) ?? [], searched: start.path)
        }
        self.init(name: name, root: root, python: try Self.python(of: name, in: root))
    }

    /// Asks the simulator for its robots and tasks.
    ///
    /// - Throws: ``SimulatorError`` when it does not reply, or not as expected.
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
        let requirements = root.appending(path: "\(package)/\(name)/requirements.txt")
        let environment = requirements.exists ? "simulators/\(name)" : "python"
        let python = root.appending(path: ".deps/\(environment)/bin/python")
        guard python.exists else {
            let command = "Scripts/bootstrap" + (requirements.exists ? " --simulator \(name)" : "")
            throw .noPython(expected: python.path, command: command)
        }
        return python
    }

    /// The file that every simulator has.
    private static func tasks(of name: String, in root: URL) -> URL {
        root.appending(path: "\(package)/\(name)/tasks.py")
    }

    private static func names(in root: URL) -> [String] {
        let folder = root.appending(path: package).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { tasks(of: $0, in: root).exists }.sorted()
    }
}
