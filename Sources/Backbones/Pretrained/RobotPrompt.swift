internal import Foundation

/// The words of a prompt that tells a robot's task and state: those of pi-0-FAST (arXiv 2501.09747), as openpi writes them.
enum RobotPrompt {
    /// For example `Task: open the drawer, State: 12 200 127;` and a line's end.
    static func text(instruction: String, state: [Int]) -> String {
        let task = instruction.lowercased().trimmingCharacters(in: .whitespacesAndNewlines)
            .replacingOccurrences(of: "_", with: " ")
        return "Task: \(task), State: \(state.map(String.init).joined(separator: " "));\n"
    }
}
