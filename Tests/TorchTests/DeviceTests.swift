import Testing
import Torch

@Suite("Devices")
struct DeviceTests {
    @Test("are read by name")
    func names() throws {
        #expect(try Device(parsing: "cpu") == .cpu)
        #expect(try Tensor.ones([2], device: Device(parsing: "cpu")).sum().item == 2)
    }

    @Test(
        "are refused before the first operator when there is no such name",
        arguments: [
            "tpu", "", "cpu:x", "cpu:0:1", "cpu:1", "cuda:x", "cuda:", "cuda:-1", "cuda:01", "cuda:0:1",
        ]
    )
    func unknown(name: String) {
        let error = #expect(throws: DeviceError.self) { try Device(parsing: name) }
        #expect(error?.description == "unknown device '\(name)': expected cpu, cuda, cuda:N or mps")
    }

    #if os(Linux)
    @Test("are refused with the reason when the system cannot have them")
    func metal() {
        let error = #expect(throws: DeviceError.self) { try Device(parsing: "mps") }
        #expect(
            error?.description
                == "device 'mps' is Metal on a Mac, and this system has none; use --device cpu or cuda"
        )
    }
    #endif

    @Test("are refused when the machine has none of that number")
    func absent() {
        let error = #expect(throws: DeviceError.self) { try Device(parsing: "cuda:9999") }
        #expect(error?.description.hasPrefix("device 'cuda:9999': ") == true)
        let remedies = ["use --device cpu", "take one of them"]
        #expect(remedies.contains { error?.description.contains($0) == true })
    }
}
