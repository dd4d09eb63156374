import CFFmpeg

/// Distances that a depth camera saw.
public struct DepthImage: Equatable, Sendable {
    /// Columns.
    public let width: Int

    /// Rows.
    public let height: Int

    /// Distances, `[height, width]`, metres.
    public let metres: [Float]

    /// Wraps distances, `[height, width]`, metres.
    public init(width: Int, height: Int, metres: [Float]) {
        precondition(metres.count == width * height, "a distance for every pixel is needed")
        self.width = width
        self.height = height
        self.metres = metres
    }

    /// Reads the codes of a video's frame, which are 12 bits; nil for a pixel format without a plane of whole numbers.
    init?(codes frame: UnsafePointer<AVFrame>, coding: DepthCoding) {
        let bits = GreyValues.bits(frame)
        guard bits <= 16, let (width, height, values) = GreyValues.read(frame) else { return nil }
        // Codes of fewer or more bits have the same range of distances. Raw frames may hold numbers of more bits.
        let largest = Double((1 << bits) - 1)
        let metres = values.map { value in
            coding.metres(ofCode: UInt16((min(Double(value), largest) * 4095 / largest).rounded()))
        }
        self.init(width: width, height: height, metres: metres)
    }

    /// Reads an image that holds distances themselves, in a unit of so many metres.
    init?(distances frame: UnsafePointer<AVFrame>, unit: Double) {
        guard let (width, height, values) = GreyValues.read(frame) else { return nil }
        self.init(width: width, height: height, metres: values.map { Float(Double($0) * unit) })
    }
}

/// Numbers in the first plane of a frame: grey levels, or the brightness of YUV.
enum GreyValues {
    /// Bits of a value.
    static func bits(_ frame: UnsafePointer<AVFrame>) -> Int {
        let description = av_pix_fmt_desc_get(AVPixelFormat(rawValue: frame.pointee.format))
        return Int(description?.pointee.comp.0.depth ?? 8)
    }

    /// Size and values; nil for colours, which are no plane of numbers.
    static func read(_ frame: UnsafePointer<AVFrame>) -> (width: Int, height: Int, values: [Float])? {
        guard let description = av_pix_fmt_desc_get(AVPixelFormat(rawValue: frame.pointee.format)),
            let plane = frame.pointee.data.0
        else { return nil }
        let flags = Int32(truncatingIfNeeded: description.pointee.flags)
        let component = description.pointee.comp.0
        let isFloat = flags & Int32(AV_PIX_FMT_FLAG_FLOAT) != 0
        let bytes = component.depth > 16 ? 4 : component.depth > 8 ? 2 : 1
        guard flags & Int32(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM) == 0,
            bytes < 4 || isFloat, component.step == bytes
        else { return nil }
        let isSwapped = flags & Int32(AV_PIX_FMT_FLAG_BE) != 0
        let width = Int(frame.pointee.width)
        let height = Int(frame.pointee.height)
        var values: [Float] = []
        values.reserveCapacity(width * height)
        for row in 0 ..< height {
            let line = UnsafeRawPointer(plane + row * Int(frame.pointee.linesize.0))
            for column in 0 ..< width {
                switch bytes {
                case 1: values.append(Float(line.load(fromByteOffset: column, as: UInt8.self)))
                case 2:
                    let value = line.loadUnaligned(fromByteOffset: column * 2, as: UInt16.self)
                    values.append(
                        Float(
                            (isSwapped ? UInt16(bigEndian: value) : UInt16(littleEndian: value))
                                >> component.shift
                        )
                    )
                default:
                    let value = line.loadUnaligned(fromByteOffset: column * 4, as: UInt32.self)
                    values.append(Float(bitPattern: isSwapped ? UInt32(bigEndian: value) : value))
                }
            }
        }
        return (width, height, values)
    }
}
