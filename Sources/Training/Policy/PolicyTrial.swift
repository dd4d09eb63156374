public import Foundation

/// What is done with a policy now and then while it is trained, beside its losses: for example, to try it in a simulator.
///
/// A loss says how well codes are predicted where demonstrations were; only a trial says whether the robot gets there.
public struct PolicyTrial {
    /// Steps from one trial to the next.
    public var every: Int

    /// Measures the policy in a folder as it is after a step, which is counted from 0 as in the metrics.
    public var measure: (_ policy: URL, _ step: Int) throws -> [String: Double]

    /// Measures with `measure` every so many steps.
    public init(every: Int, measure: @escaping (_ policy: URL, _ step: Int) throws -> [String: Double]) {
        precondition(every > 0, "a trial comes every so many steps")
        self.every = every
        self.measure = measure
    }
}
