internal import Foundation

/// A simulator that fails, or a plan that it cannot run.
public enum SimulatorError: Error, Equatable, CustomStringConvertible {
    /// No folder of that name beside the program.
    case unknownSimulator(String, known: [String], searched: String)
    /// The simulator's Python environment is missing.
    case noPython(expected: String, command: String)
    /// A task that the simulator does not have.
    case unknownTask(String, nearest: String?, known: [String])
    /// A perturbation that the simulator does not have.
    case unknownPerturbation(String, nearest: String?, known: [String])
    /// A policy or a tokenizer whose actions, as the first text says, are not the robot's.
    case otherRobot(actions: String, robot: String, names: [String])
    /// A policy with cameras that the robot does not have.
    case missingCameras([String], robot: String, cameras: [String])
    /// A policy whose state has another number of columns than the robot's.
    case otherState(Int, robot: String, names: [String])
    /// Tasks of different robots where one is wanted.
    case differentRobots([String])
    /// A description that cannot be decoded.
    case unreadableDescription(simulator: String, reason: String)
    /// A plan with invalid numbers; the text says why.
    case badPlan(String)
    /// A process that could not be started.
    case notStarted(command: String, reason: String)
    /// A process that ended with an error; `output` is the tail of its standard error.
    case failed(simulator: String, status: Int32, output: String)
    /// A process that crashed twice at the same episode.
    case crashed(simulator: String, signal: Int32, output: String)
    /// A line of output that is no episode.
    case unreadableLine(String)
    /// A process that ended well but skipped episodes.
    case missingEpisodes(expected: Int, found: Int)

    /// The error in a sentence.
    public var description: String {
        switch self {
        case .unknownSimulator(let name, let known, let searched):
            "no simulator '\(name)' found from \(searched) upwards"
                + (known.isEmpty
                    ? ": run from a checkout or an installation of FASTer"
                    : "; known: \(known.joined(separator: ", "))")
        case .noPython(let expected, let command):
            "the simulator's Python is missing: \(expected) does not exist; run \(command)"
        case .unknownTask(let name, let nearest, let known):
            "unknown task '\(name)'" + (nearest.map { ": did you mean '\($0)'?" } ?? "")
                + " The tasks are \(known.joined(separator: ", "))"
        case .unknownPerturbation(let name, let nearest, let known):
            "unknown perturbation '\(name)'" + (nearest.map { ": did you mean '\($0)'?" } ?? ".")
                + " The perturbations are \(known.isEmpty ? "none" : known.joined(separator: ", "))"
        case .otherRobot(let actions, let robot, let names):
            "\(actions); the simulator's robot, \(robot), takes \(names.count) columns: "
                + names.joined(separator: ", ")
        case .missingCameras(let missing, let robot, let cameras):
            "the policy looks through \(missing.joined(separator: ", ")); the simulator's robot, \(robot), has "
                + (cameras.isEmpty
                    ? "no cameras: only its expert can be evaluated, --policy expert"
                    : "only \(cameras.joined(separator: ", "))")
        case .otherState(let columns, let robot, let names):
            "the policy's state has \(columns) columns; that of the simulator's robot, \(robot), has \(names.count): "
                + names.joined(separator: ", ")
        case .differentRobots(let needs):
            "a dataset holds one robot with one action space, but \(needs.joined(separator: ", ")): "
                + "collect them apart"
        case .unreadableDescription(let simulator, let reason):
            "simulator \(simulator) printed a description that cannot be decoded (Simulators/README.md): \(reason)"
        case .badPlan(let reason): reason
        case .notStarted(let command, let reason): "cannot start \(command): \(reason)"
        case .failed(let simulator, let status, let output):
            "simulator \(simulator) ended with status \(status)" + (output.isEmpty ? "" : ":\n\(output)")
        case .crashed(let simulator, let signal, let output):
            "simulator \(simulator) crashed with signal \(signal) (\(String(cString: strsignal(signal))))"
                + (output.isEmpty ? "" : ":\n\(output)")
        case .unreadableLine(let line): "the simulator wrote a line that is no episode: \(line.prefix(200))"
        case .missingEpisodes(let expected, let found):
            "the simulator reported \(found) episodes instead of \(expected)"
        }
    }
}
