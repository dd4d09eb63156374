import CMsgPack

extension WireValue {
    /// Reads one MessagePack value with msgpack-numpy's arrays.
    ///
    /// NumPy scalars arrive as plain numbers. A value that the protocol does not know, such as an array of objects or an
    /// extension type, arrives as ``unreadable(_:)``, since most receivers never look at it. Any bytes are safe to pass.
    ///
    /// - Throws: ``WireError`` for bytes that are not one MessagePack value within `limits`.
    public init(decoding bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) {
        let result: Result<WireValue, WireError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try WireValue(decoding: bytes, limits: limits) }
        }
        self = try result.get()
    }

    /// Reads one MessagePack value with msgpack-numpy's arrays, copying only what it keeps.
    ///
    /// - Throws: ``WireError`` for bytes that are not one MessagePack value within `limits`.
    public init(decoding bytes: UnsafeRawBufferPointer, limits: WireLimits = WireLimits()) throws(WireError) {
        try MessageStructure.check(bytes, limits)
        var unpacked = msgpack_unpacked()
        msgpack_unpacked_init(&unpacked)
        defer { msgpack_unpacked_destroy(&unpacked) }
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let code = msgpack_unpack_next(&unpacked, start, bytes.count, nil)
        guard code == MSGPACK_UNPACK_SUCCESS else { throw WireError(.refused(code: code.rawValue)) }
        self = WireValue(unpacked.data)
    }

    private init(_ object: msgpack_object) {
        do throws(WireError) {
            self = try Self.value(object)
        } catch {
            self = .unreadable(error)
        }
    }

    private static func value(_ object: msgpack_object) throws(WireError) -> WireValue {
        switch object.type {
        case MSGPACK_OBJECT_NIL: return .null
        case MSGPACK_OBJECT_BOOLEAN: return .boolean(object.via.boolean)
        case MSGPACK_OBJECT_POSITIVE_INTEGER:
            return Int64(exactly: object.via.u64).map(WireValue.integer) ?? .double(Double(object.via.u64))
        case MSGPACK_OBJECT_NEGATIVE_INTEGER: return .integer(object.via.i64)
        case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64: return .double(object.via.f64)
        case MSGPACK_OBJECT_STR: return .string(try text(object.via.str.ptr, object.via.str.size))
        case MSGPACK_OBJECT_BIN: return .binary(bytes(object.via.bin.ptr, object.via.bin.size))
        case MSGPACK_OBJECT_ARRAY:
            let list = object.via.array
            return .list(UnsafeBufferPointer(start: list.ptr, count: Int(list.size)).map { WireValue($0) })
        case MSGPACK_OBJECT_MAP: return try mapOrArray(object.via.map)
        default: throw WireError(.extensionType(object.via.ext.type))
        }
    }

    private static func bytes(_ start: UnsafePointer<CChar>?, _ count: UInt32) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ count: UInt32) throws(WireError) -> String {
        let characters = UnsafeRawBufferPointer(start: start, count: Int(count))
        guard let text = String(validating: characters, as: UTF8.self) else { throw WireError(.notText) }
        return text
    }

    private static func mapOrArray(_ map: msgpack_object_map) throws(WireError) -> WireValue {
        var entries: [(key: String, value: WireValue)] = []
        entries.reserveCapacity(Int(map.size))
        for pair in UnsafeBufferPointer(start: map.ptr, count: Int(map.size)) {
            entries.append((try name(pair.key), WireValue(pair.val)))
        }
        let map = WireMap(entries: entries)
        if map[NumPyKey.array] != nil { return try NumPyArray(map).value }
        if map[NumPyKey.scalar] != nil { return try scalar(map) }
        return .map(map)
    }

    /// A key; Python's msgpack sends bytes for `b"..."` and text for `"..."`, and dictionaries may be numbered.
    private static func name(_ key: msgpack_object) throws(WireError) -> String {
        switch key.type {
        case MSGPACK_OBJECT_STR: try text(key.via.str.ptr, key.via.str.size)
        case MSGPACK_OBJECT_BIN: try text(key.via.bin.ptr, key.via.bin.size)
        case MSGPACK_OBJECT_POSITIVE_INTEGER: String(key.via.u64)
        case MSGPACK_OBJECT_NEGATIVE_INTEGER: String(key.via.i64)
        default: throw WireError(.keyIsNotText)
        }
    }

    private static func scalar(_ map: WireMap) throws(WireError) -> WireValue {
        switch map[NumPyKey.data] {
        case .some(.boolean(let value)): return .boolean(value)
        case .some(.integer(let value)): return .integer(value)
        case .some(.double(let value)): return .double(value)
        case .some(.string(let value)): return .string(value)
        default: throw WireError(.malformedArray("a NumPy scalar without 'data' that is a number"))
        }
    }
}

/// The keys by which msgpack-numpy marks arrays; on the wire they are bytes, not text.
enum NumPyKey {
    static let array = "__ndarray__"
    static let scalar = "__npgeneric__"
    static let data = "data"
    static let dtype = "dtype"
    static let shape = "shape"
}
