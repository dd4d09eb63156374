import CMsgPack

extension WireValue {
    /// The value in MessagePack, arrays as msgpack-numpy writes them, byte for byte.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + (array?.data.count ?? 0))
        withUnsafeMutablePointer(to: &bytes) { target in
            var packer = msgpack_packer()
            msgpack_packer_init(&packer, target) { target, source, count in
                let bytes = target?.assumingMemoryBound(to: [UInt8].self)
                bytes?.pointee.append(contentsOf: UnsafeRawBufferPointer(start: source, count: count))
                return 0
            }
            pack(into: &packer)
        }
        return bytes
    }

    private func pack(into packer: inout msgpack_packer) {
        switch self {
        case .null: msgpack_pack_nil(&packer)
        case .boolean(true): msgpack_pack_true(&packer)
        case .boolean(false): msgpack_pack_false(&packer)
        case .integer(let value): msgpack_pack_int64(&packer, value)
        case .double(let value): msgpack_pack_double(&packer, value)
        case .string(let text): packer.pack(text)
        case .binary(let bytes): packer.pack(bytes)
        case .list(let values):
            msgpack_pack_array(&packer, values.count)
            for value in values { value.pack(into: &packer) }
        case .map(let map):
            msgpack_pack_map(&packer, map.entries.count)
            for (key, value) in map.entries {
                packer.pack(key)
                value.pack(into: &packer)
            }
        case .array(let array): packer.pack(dtype: array.dtype, array.shape, array.data)
        case .texts(let texts, let shape):
            // Zeros fill up the shorter ones, as in NumPy.
            let width = max(1, texts.map(\.unicodeScalars.count).max() ?? 1)
            let codes = texts.flatMap { text in
                let codes = text.unicodeScalars.map(\.value.littleEndian)
                return codes + Array(repeating: 0, count: width - codes.count)
            }
            packer.pack(dtype: "<U\(width)", shape, codes.withUnsafeBytes { Array($0) })
        // Whatever it was, a receiver can make nothing of it.
        case .unreadable: msgpack_pack_nil(&packer)
        }
    }
}

extension msgpack_packer {
    fileprivate mutating func pack(_ text: String) {
        var text = text
        text.withUTF8 { characters in
            msgpack_pack_str(&self, characters.count)
            msgpack_pack_str_body(&self, characters.baseAddress, characters.count)
        }
    }

    fileprivate mutating func pack(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            msgpack_pack_bin(&self, bytes.count)
            msgpack_pack_bin_body(&self, bytes.baseAddress, bytes.count)
        }
    }

    fileprivate mutating func pack(dtype: String, _ shape: [Int], _ data: [UInt8]) {
        msgpack_pack_map(&self, 4)
        pack(Array(NumPyKey.array.utf8))
        msgpack_pack_true(&self)
        pack(Array(NumPyKey.data.utf8))
        pack(data)
        pack(Array(NumPyKey.dtype.utf8))
        pack(dtype)
        pack(Array(NumPyKey.shape.utf8))
        msgpack_pack_array(&self, shape.count)
        for size in shape { msgpack_pack_int64(&self, Int64(size)) }
    }
}
