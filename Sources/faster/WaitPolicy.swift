import Foundation

/// Waiting of threads that share an operator.
enum WaitPolicy {
    /// Lets them spin for some microseconds, then sleep.
    ///
    /// libgomp's threads spin for milliseconds. Where anything else runs, a spinning thread holds the core that the other
    /// one needs, and a training or a policy becomes many times slower. libgomp reads its settings when it is loaded,
    /// so the program starts itself once more, unless the launcher has set them
    /// (`Scripts/launcher`). A choice in the environment is kept (Documentation/Decisions/0004).
    static func spinBriefly() {
        let settings = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"]
        guard settings.allSatisfy({ ProcessInfo.processInfo.environment[$0] == nil }) else { return }
        setenv("GOMP_SPINCOUNT", "10000", 1)
        // Threads of Swift's pool block signals, and what is started inherits that.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Returns only where it fails, and then threads spin as libgomp has it.
        execv("/proc/self/exe", &arguments)
    }
}
