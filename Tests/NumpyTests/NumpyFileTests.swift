import Foundation
import Numpy
import PythonPeer
import TemporaryFolder
import Testing

@Suite("NumPy files")
struct NumpyFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> URL { folder.appending(path: "\(name).npy") }

    private func reason(_ name: String) -> String {
        #expect(throws: NumpyError.self) { try NumpyFile(reading: path(name)) }?.reason ?? ""
    }

    private struct Loaded: Decodable {
        let dtype: String
        let shape: [Int]
        let values: [Double]
    }

    @Test("that we write open in NumPy")
    func written() async throws {
        let floats: [Float] = [1.5, -2.25, 0.1, 0, Float.leastNonzeroMagnitude, 3.4e38]
        try NumpyFile.write(floats, shape: [1, 2, 3], to: path("floats"))
        try NumpyFile.write([Int.min, 1 << 40], shape: [2], to: path("integers"))
        try NumpyFile.write([Float](), shape: [0, 16, 4], to: path("empty"))
        try NumpyFile.write([Float(2)], shape: [], to: path("scalar"))
        let names = ["floats", "integers", "empty", "scalar"]
        let output = try await PythonPeer.run("arrays.py", ["read"] + names.map { path($0).path })
        let loaded = try JSONDecoder().decode([Loaded].self, from: output)
        #expect(loaded.map(\.dtype) == ["<f4", "<i8", "<f4", "<f4"])
        #expect(loaded.map(\.shape) == [[1, 2, 3], [2], [0, 16, 4], []])
        #expect(loaded[0].values.map { Float($0) } == floats)
        #expect(loaded[1].values == [-0x1p63, 0x1p40])
        #expect(try Data(contentsOf: path("floats")).count == 128 + 24)
    }

    @Test("that NumPy writes open here")
    func read() async throws {
        _ = try await PythonPeer.run("arrays.py", ["write", folder.url.path])
        func open(_ name: String) throws -> NumpyFile { try NumpyFile(reading: path(name)) }
        func integers(_ name: String) throws -> [Int] { try open(name).integers(path(name)) }
        let floats = try open("float32")
        #expect(floats.shape == [2, 3])
        let expected: [Float] = [1.5, -2.25, 3.4e38, 0, -0.0, .leastNonzeroMagnitude]
        #expect(try floats.floats(path("float32")) == expected)
        #expect(try open("float64").floats(path("float64")) == [1.5, -2.25])
        #expect(try open("int64").shape == [1, 2, 1])
        #expect(try integers("int64") == [Int.min, Int.max])
        #expect(try integers("int32") == [-3, -2, -1, 0, 1, 2])
        #expect(try integers("int16") == [-2, 300])
        #expect(try integers("uint16") == [65535])
        #expect(try integers("uint32") == [1 << 32 - 1])
        #expect(try integers("int8") == [-128, 127])
        #expect(try integers("uint8") == [0, 255])
        #expect(try integers("scalar") == [7])
        #expect(try open("scalar").shape == [])
        #expect(try open("empty").shape == [0, 16, 4])
        #expect(try integers("version2") == [0, 1, 2, 3, 4, 5])
        #expect(try integers("version3") == [0, 1, 2, 3, 4, 5])

        #expect(reason("fortran").contains("Fortran order"))
        #expect(reason("record").contains("cannot be understood"))
        #expect(throws: NumpyError.self) { try floats.integers(path("float32")) }
        #expect(throws: NumpyError.self) { try open("big_endian").floats(path("big_endian")) }
        #expect(throws: NumpyError.self) { try open("int64").floats(path("int64")) }
        #expect(throws: NumpyError.self) { try open("text").floats(path("text")) }
    }

    @Test("that are cut short, longer than they say, or lie are refused")
    func damaged() throws {
        #expect(reason("absent").contains("no such file"))
        try NumpyFile.write([Float](repeating: 1, count: 12), shape: [3, 4], to: path("whole"))
        let whole = try Data(contentsOf: path("whole"))
        for count in 0 ..< whole.count {
            try whole.prefix(count).write(to: path("cut"))
            #expect(!reason("cut").isEmpty)
        }
        try (whole + [0]).write(to: path("long"))
        #expect(reason("long").contains("holds 49 bytes, which is not <f4 of shape [3, 4]"))

        let header = try #require(String(data: whole[10 ..< 128], encoding: .utf8))
        for shape in ["(-3, -4)", "(99999999999999999999, 1)", "(4611686018427387904, 4)", "(3, x)", "3"] {
            let lie = header.replacing("(3, 4)", with: shape)
            let length = [UInt8(lie.utf8.count & 255), UInt8(lie.utf8.count >> 8)]
            try (whole.prefix(8) + length + Data(lie.utf8) + whole[128...]).write(to: path("lie"))
            #expect(!reason("lie").isEmpty)
        }
    }

    @Test("are not written with a shape that does not hold the values")
    func wrongShape() {
        for shape in [[2], [2, 2], [-3], [Int.max, Int.max], [0, Int.max]] {
            #expect(throws: NumpyError.self) {
                try NumpyFile.write([1, 2, 3], shape: shape, to: path("wrong"))
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path("wrong").path))
    }
}
