import Foundation
import PolicyProtocol
import PythonPeer
import Testing

@Suite("Wire values, against openpi's msgpack_numpy")
struct WireValueTests {
    /// Messages that `golden.py` packed, by case.
    let golden: [String: [UInt8]]

    init() async throws {
        let output = try await PythonPeer.run("golden.py")
        let map = try #require(try WireValue(decoding: Array(output)).map)
        golden = Dictionary(
            uniqueKeysWithValues: map.entries.compactMap { entry in
                guard case .binary(let bytes) = entry.value else { return nil }
                return (entry.key, bytes)
            }
        )
        #expect(golden.count == map.entries.count)
    }

    private func value(_ name: String) throws -> WireValue {
        try WireValue(decoding: try #require(golden[name]))
    }

    @Test("reads every kind of value and writes the same bytes")
    func sameBytes() throws {
        let names = [
            "none", "booleans", "integers", "doubles", "text", "bytes", "nested", "long_list", "float32",
            "float64", "uint8",
            "int64", "bool", "float16", "big_endian", "uint16", "zero_dimensions", "empty", "strided",
            "observation", "text_array",
        ]
        for name in names { #expect(try value(name).encoded() == golden[name], "\(name)") }
    }

    @Test("reads plain values")
    func plainValues() throws {
        #expect(try value("none") == .null)
        #expect(try value("booleans") == .list([.boolean(true), .boolean(false)]))
        guard case .list(let integers) = try value("integers") else {
            Issue.record("integers are no list")
            return
        }
        #expect(integers[9] == .integer(.max) && integers.last == .integer(.min))
        #expect(
            try value("doubles") == .list([.double(0), .double(-1.5), .double(1e300), .double(.infinity)])
        )
        #expect(try value("nested").map?.keys == ["a", "z", "y"])
        #expect(try value("large_unsigned") == .double(0x1p64))
        #expect(try value("single_precision") == .double(1.5))
    }

    @Test("reads arrays of every number type")
    func arrays() throws {
        let float32 = try #require(try value("float32").array)
        #expect(float32 == NDArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 5]))
        let expected: [(name: String, shape: [Int], type: String, values: [Float])] = [
            ("float64", [3], "float64", [1.5, -2.25, 1e-3]), ("int64", [2], "int64", [-1, 0x1p40]),
            ("bool", [2], "bool", [1, 0]), ("big_endian", [2], "float32", [1.5, -2.25]),
            ("uint16", [2, 1], "uint16", [1, 65535]), ("zero_dimensions", [], "float64", [3.5]),
            ("empty", [0, 7], "float32", []),
            ("strided", [4, 3], "float32", [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]),
            ("float16", [5], "float16", [1.5, -2, 0x1p-24, 65504, 0.33300781]),
        ]
        for (name, shape, type, values) in expected {
            let array = try #require(try value(name).array)
            #expect(
                array.shape == shape && array.elementType.name == type && array.floats() == values,
                "\(name)"
            )
        }
    }

    @Test("keeps the digits of float64 and of whole numbers")
    func digits() throws {
        #expect(try value("float64").array?.doubles() == [1.5, -2.25, 1e-3])
        #expect(try value("float64").array?.integers() == nil)
        #expect(try value("float16").array?.doubles().last == Double(Float(0.33300781)))
        let cases: [(name: String, numbers: [Int])] = [
            ("int64", [-1, 1 << 40]), ("bool", [1, 0]), ("uint16", [1, 65535]), ("uint8", Array(0 ..< 27)),
        ]
        for (name, numbers) in cases {
            let array = try #require(try value(name).array)
            #expect(array.integers() == numbers && array.doubles() == numbers.map(Double.init), "\(name)")
        }
        let bytes = withUnsafeBytes(of: UInt64.max.littleEndian) { Array($0) }
        let large = try NDArray(dtype: "<u8", shape: [1], data: bytes)
        #expect(large.integers() == nil && large.doubles() == [0x1p64])
        // Seconds since 1970, which float32 would round to whole minutes.
        let time = withUnsafeBytes(of: (1_796_043_703.25).bitPattern.littleEndian) { Array($0) }
        let array = try NDArray(dtype: "<f8", shape: [], data: time)
        #expect(WireValue.array(array).number == 1_796_043_703.25)
    }

    @Test("reads NumPy scalars as plain numbers")
    func scalars() throws {
        #expect(try value("scalars") == .list([.double(1.5), .integer(-3), .boolean(true), .integer(200)]))
    }

    @Test("accepts text where msgpack-numpy sends bytes as keys")
    func textKeys() throws {
        #expect(try value("text_keys").array == NDArray(shape: [1], bytes: [1]))
    }

    @Test("reads text arrays, as text where they have no axes")
    func textArrays() throws {
        #expect(try value("text_scalar") == "größer 🤖")
        #expect(try value("text_scalar_big_endian") == "lift")
        #expect(try value("bytes_scalar") == "größer")
        #expect(
            try value("text_array") == .texts(["lift", "größer", "", "put it down"], shape: [2, 2])
        )
    }

    @Test("values that the protocol does not know do not fail a message")
    func unreadable() throws {
        let map = try #require(try value("unread").map)
        #expect(map["prompt"] == "lift")
        #expect(map["numbered"] == ["1": "a", "-2": "b"])
        func reason(_ key: String) -> String? {
            guard case .unreadable(let error) = map[key] else { return nil }
            return error.description
        }
        for key in ["complex", "structured", "objects", "time", "dates", "text", "latin1", "odd_keys"] {
            #expect(reason(key) != nil, "\(key)")
        }
        guard case .list(let inner) = map["no_text"], case .unreadable = inner[0] else {
            Issue.record("no_text: \(String(describing: map["no_text"]))")
            return
        }
        #expect(
            reason("complex")
                == "message: NumPy array: dtype '<c8' is not one of bool, int, uint and float"
        )
        #expect(
            reason("text")
                == "message: NumPy array: shape [2] of <U3 needs 24 bytes, but 16 were sent"
        )
    }

    @Test("says what is wrong with what it does not accept")
    func rejected() throws {
        func kind(_ name: String) throws -> WireError.Kind? {
            #expect(throws: WireError.self) { try value(name) }?.kind
        }
        #expect(try kind("two_values") == .trailingBytes(1))
        #expect(try kind("deep") == .tooDeep(limit: 16))
        #expect(try kind("billions") == .truncated)
    }

    @Test("an array that contradicts itself says so where it is needed")
    func contradiction() throws {
        var bytes = try #require(golden["observation"])
        let text = Array("<f8".utf8)
        let offset = try #require((0 ..< bytes.count - 3).first { Array(bytes[$0 ..< $0 + 3]) == text })
        bytes[offset + 2] = UInt8(ascii: "4")
        let state = try WireValue(decoding: bytes).map?["observation/state"]
        #expect(
            state?.kind
                == "a value that cannot be read (NumPy array: shape [8] of float32 needs 32 bytes, but 64 were sent)"
        )
    }
}
