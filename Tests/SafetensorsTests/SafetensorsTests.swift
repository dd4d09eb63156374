import Foundation
import Safetensors
import TemporaryFolder
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
    private let folder: TemporaryFolder
    private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

    init() throws { folder = try TemporaryFolder() }

    private var tensors: [SafetensorsTensor] {
        [
            SafetensorsTensor(
                name: "a.weight",
                dtype: "F32",
                shape: [2, 2],
                bytes: [1 as Float, 2, 3, 4].flatMap { withUnsafeBytes(of: $0) { Array($0) } }
            ),
            SafetensorsTensor(name: "empty", dtype: "I64", shape: [0, 3], bytes: []),
            SafetensorsTensor(name: "flags", dtype: "BOOL", shape: [3], bytes: [1, 0, 1]),
        ]
    }

    private func python(_ code: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = root.appending(path: ".deps/python/bin/python")
        process.arguments = ["-c", code] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("come back as they were written")
    func roundTrip() throws {
        let file = folder.appending(path: "model.safetensors")
        try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: file)
        let read = try SafetensorsFile(reading: file)
        #expect(read.metadata == ["format": "pt"])
        for tensor in tensors {
            #expect(read.entries[tensor.name]?.shape == tensor.shape)
            #expect(try read.withBytes(of: tensor.name) { Array($0) } == tensor.read())
        }
    }

    @Test("are opened by Python's safetensors, and the reverse")
    func python() throws {
        let file = folder.appending(path: "ours.safetensors")
        try SafetensorsFile.write(tensors, to: file)
        let output = try python(
            """
            import sys, numpy as np
            from safetensors.numpy import load_file, save_file
            t = load_file(sys.argv[1])
            print(t["a.weight"].tolist(), t["flags"].tolist(), t["empty"].shape)
            numbers = {"b": np.arange(-3, 3, dtype=np.int64).reshape(2, 3), "half": np.array(0.5, np.float16)}
            save_file(numbers, sys.argv[2], metadata={"made": "by Python"})
            """,
            file.path,
            folder.appending(path: "theirs.safetensors").path
        )
        #expect(output == "[[1.0, 2.0], [3.0, 4.0]] [True, False, True] (0, 3)\n")
        let theirs = try SafetensorsFile(reading: folder.appending(path: "theirs.safetensors"))
        #expect(theirs.metadata == ["made": "by Python"])
        #expect(theirs.entries["b"]?.shape == [2, 3])
        #expect(theirs.entries["b"]?.dtype == "I64")
        #expect(
            try theirs.withBytes(of: "b") { Array($0.assumingMemoryBound(to: Int.self)) } == Array(-3 ..< 3)
        )
        #expect(theirs.entries["half"]?.shape == [])
        #expect(theirs.entries["half"]?.dtype == "F16")
        #expect(try theirs.withBytes(of: "half") { Array($0) } == [0x00, 0x38])
    }

    @Test(
        "whose header lies are refused, with the reason",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80]}}"#, "data_offsets"),
            (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "needs 12 bytes"),
            (#"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype F99"),
            (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "shape"),
            (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "too large"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "start at 4"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "cover 4 bytes"),
            ("[1, 2]", "not a JSON object"),
        ]
    )
    func lyingHeader(header: String, reason: String) throws {
        let file = folder.appending(path: "lie.safetensors")
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try (length + Data(header.utf8) + Data(count: 8)).write(to: file)
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(reading: file) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains(file.path) == true)
    }

    @Test("that are cut short or missing are refused")
    func cutShort() throws {
        let file = folder.appending(path: "cut.safetensors")
        try SafetensorsFile.write(tensors, to: file)
        let whole = try Data(contentsOf: file)
        for length in [0, 7, 20, whole.count - 1] {
            try whole.prefix(length).write(to: file)
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(reading: file) }
        }
        #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(reading: folder.appending(path: "none"))
        }
    }
}
