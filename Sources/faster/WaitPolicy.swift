import Foundation

/// How threads that share an operator wait for each other.
enum WaitPolicy {
    /// Lets them sleep.
    ///
    /// libgomp's threads spin, which saves microseconds on idle cores; where anything else runs, the spinning thread
    /// holds the core that the other one needs, and a training becomes several times slower. libgomp reads its
    /// settings when it is loaded, so the program starts itself once more. Whoever has chosen for himself keeps his
    /// choice (Documentation/Decisions/0004).
    static func sleep() {
        let settings = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"]
        guard settings.allSatisfy({ ProcessInfo.processInfo.environment[$0] == nil }) else { return }
        setenv("OMP_WAIT_POLICY", "passive", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Returns only where it fails, and then threads spin.
        execv("/proc/self/exe", &arguments)
    }
}
