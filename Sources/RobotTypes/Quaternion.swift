internal import Foundation

/// A rotation as a unit quaternion.
struct Quaternion: Equatable {
    var w: Double
    var x: Double
    var y: Double
    var z: Double

    static let identity = Quaternion(w: 1, x: 0, y: 0, z: 0)

    init(w: Double, x: Double, y: Double, z: Double) { (self.w, self.x, self.y, self.z) = (w, x, y, z) }

    /// Reads columns in a representation; the identity where they are no rotation, as zeros are none.
    init(_ columns: [Float], _ rotation: ActionTransform.Rotation) {
        let values = columns.map(Double.init)
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-12 else {
            self = .identity
            return
        }
        switch rotation {
        case .quaternionXYZW:
            self.init(
                w: values[3] / length,
                x: values[0] / length,
                y: values[1] / length,
                z: values[2] / length
            )
        case .quaternionWXYZ:
            self.init(
                w: values[0] / length,
                x: values[1] / length,
                y: values[2] / length,
                z: values[3] / length
            )
        case .axisAngle, .euler, .sixD:
            let scale = sin(length / 2) / length
            self.init(w: cos(length / 2), x: values[0] * scale, y: values[1] * scale, z: values[2] * scale)
        }
    }

    /// The inverse rotation.
    var conjugate: Quaternion { Quaternion(w: w, x: -x, y: -y, z: -z) }

    /// The quaternion of the same rotation that is on the side of `other`.
    func signed(like other: Quaternion) -> Quaternion {
        let product = w * other.w + x * other.x + y * other.y + z * other.z
        return product < 0 ? Quaternion(w: -w, x: -x, y: -y, z: -z) : self
    }

    /// The columns in a representation; rotation vectors of at most half a turn.
    func columns(_ rotation: ActionTransform.Rotation) -> [Float] {
        switch rotation {
        case .quaternionXYZW: return [x, y, z, w].map(Float.init)
        case .quaternionWXYZ: return [w, x, y, z].map(Float.init)
        case .axisAngle, .euler, .sixD:
            let short = signed(like: .identity)
            let length = (short.x * short.x + short.y * short.y + short.z * short.z).squareRoot()
            let scale = length < 1e-12 ? 2 : 2 * atan2(length, short.w) / length
            return [short.x * scale, short.y * scale, short.z * scale].map(Float.init)
        }
    }

    /// The rotation by the right factor, then by the left one.
    static func * (left: Quaternion, right: Quaternion) -> Quaternion {
        Quaternion(
            w: left.w * right.w - left.x * right.x - left.y * right.y - left.z * right.z,
            x: left.w * right.x + left.x * right.w + left.y * right.z - left.z * right.y,
            y: left.w * right.y - left.x * right.z + left.y * right.w + left.z * right.x,
            z: left.w * right.z + left.x * right.y - left.y * right.x + left.z * right.w
        )
    }
}
