/// The limits of a message.
public struct WireLimits: Equatable, Sendable {
    /// Number of bytes; 64 MiB by default.
    public var bytes = 64 << 20

    /// Nesting of lists and maps; msgpack-c itself stops at 32.
    public var depth = 16

    /// Number of single values; the elements of a NumPy array do not count.
    public var values = 1 << 20

    /// The server's default limits.
    public init() {}
}

/// A validator of MessagePack's structure that allocates nothing for announced sizes.
///
/// msgpack-c reserves memory for as many elements as a header announces, and five bytes can announce
/// four billion. So the structure is validated first.
struct MessageStructure {
    private enum Header {
        case single(payload: Int)
        case container(children: Int)
    }

    private let bytes: UnsafeRawBufferPointer
    private let limits: WireLimits
    private var offset = 0

    /// Checks that `bytes` hold exactly one value within `limits`.
    static func check(_ bytes: UnsafeRawBufferPointer, _ limits: WireLimits) throws(WireError) {
        guard bytes.count <= limits.bytes else {
            throw WireError(.tooLarge(bytes: bytes.count, limit: limits.bytes))
        }
        var structure = MessageStructure(bytes: bytes, limits: limits)
        try structure.walk()
    }

    private init(bytes: UnsafeRawBufferPointer, limits: WireLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func walk() throws(WireError) {
        var values = 0
        var open = [1]  // values still to come, of every container that is open
        while let left = open.last {
            guard left > 0 else {
                open.removeLast()
                continue
            }
            open[open.count - 1] = left - 1
            values += 1
            guard values <= limits.values else { throw WireError(.tooManyValues(limit: limits.values)) }
            switch try header() {
            case .single(let payload): try skip(payload)
            case .container(let children):
                // A value takes at least a byte.
                guard children <= bytes.count - offset else { throw WireError(.truncated) }
                guard open.count <= limits.depth else { throw WireError(.tooDeep(limit: limits.depth)) }
                open.append(children)
            }
        }
        guard offset == bytes.count else { throw WireError(.trailingBytes(bytes.count - offset)) }
    }

    /// Source: the format table of the MessagePack specification.
    private mutating func header() throws(WireError) -> Header {
        let byte = UInt8(try number(1))
        switch byte {
        case 0x00 ... 0x7F, 0xE0 ... 0xFF, 0xC0, 0xC2, 0xC3: return .single(payload: 0)
        case 0x80 ... 0x8F: return .container(children: 2 * Int(byte & 0x0F))
        case 0x90 ... 0x9F: return .container(children: Int(byte & 0x0F))
        case 0xA0 ... 0xBF: return .single(payload: Int(byte & 0x1F))
        case 0xC4, 0xD9: return .single(payload: try number(1))
        case 0xC5, 0xDA: return .single(payload: try number(2))
        case 0xC6, 0xDB: return .single(payload: try number(4))
        case 0xC7: return .single(payload: try number(1) + 1)
        case 0xC8: return .single(payload: try number(2) + 1)
        case 0xC9: return .single(payload: try number(4) + 1)
        case 0xCC, 0xD0: return .single(payload: 1)
        case 0xCD, 0xD1: return .single(payload: 2)
        case 0xCA, 0xCE, 0xD2: return .single(payload: 4)
        case 0xCB, 0xCF, 0xD3: return .single(payload: 8)
        case 0xD4 ... 0xD8: return .single(payload: 1 << Int(byte - 0xD4) + 1)
        case 0xDC: return .container(children: try number(2))
        case 0xDD: return .container(children: try number(4))
        case 0xDE: return .container(children: 2 * (try number(2)))
        case 0xDF: return .container(children: 2 * (try number(4)))
        default: throw WireError(.invalidByte(byte))
        }
    }

    /// Reads a big-endian number of `size` bytes.
    private mutating func number(_ size: Int) throws(WireError) -> Int {
        let start = offset
        try skip(size)
        return bytes[start ..< offset].reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func skip(_ size: Int) throws(WireError) {
        guard size <= bytes.count - offset else { throw WireError(.truncated) }
        offset += size
    }
}
