import RobotTypes

extension PolicyContract {
    /// One camera of 4 by 4 pixels and a state of three numbers.
    static var small: PolicyContract {
        get {
            guard let space = try? ActionSpace(parsing: "position=0:3,gripper=3") else {
                preconditionFailure("the text above is an action space")
            }
            return PolicyContract(
                cameras: [Camera(name: "observation.images.corner", height: 4, width: 4)],
                stateDimension: 3,
                horizon: 2,
                actionSpace: space,
                framesPerSecond: 20
            )
        }
    }
}
