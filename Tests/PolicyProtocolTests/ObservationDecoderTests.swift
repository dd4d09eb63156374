import PolicyProtocol
import PythonPeer
import RobotTypes
import Testing

@Suite("Observation decoder")
struct ObservationDecoderTests {
    static let camera = "observation/images/corner"
    let decoder = ObservationDecoder(contract: .small)
    let pixels = (0 ..< 48).map { UInt8($0 * 5) }

    /// A good message, with some of its values replaced.
    private func message(_ changes: [String: WireValue?] = [:]) -> WireValue {
        var map: WireMap = [
            Self.camera: .array(NDArray(shape: [4, 4, 3], bytes: pixels)),
            "observation/state": .array(NDArray(shape: [3], values: [1, 2, 3])),
            "prompt": "lift",
        ]
        for (key, value) in changes { map[key] = value }
        return .map(map)
    }

    private func error(_ changes: [String: WireValue?]) -> String? {
        #expect(throws: ObservationError.self) { try decoder.observation(from: message(changes)) }?
            .description
    }

    @Test("reads image, state and instruction, and ignores other keys")
    func complete() throws {
        let observation = try decoder.observation(from: message(["reset": .boolean(true)]))
        #expect(
            observation
                == Observation(
                    images: ["observation.images.corner": Image(width: 4, height: 4, pixels: pixels)],
                    state: [1, 2, 3],
                    instruction: "lift"
                )
        )
    }

    @Test("reads planar and floating-point images as the same image")
    func imageKinds() throws {
        let expected = try decoder.observation(from: message())
        let planar = (0 ..< 48).map { pixels[$0 % 16 * 3 + $0 / 16] }
        let floats = pixels.map { Float($0) / 255 }
        for array in [
            NDArray(shape: [3, 4, 4], bytes: planar), NDArray(shape: [4, 4, 3], values: floats),
            NDArray(shape: [3, 4, 4], values: planar.map { Float($0) / 255 }),
            NDArray(shape: [1, 4, 4, 3], bytes: pixels), NDArray(shape: [1, 1, 3, 4, 4], bytes: planar),
        ] {
            #expect(try decoder.observation(from: message([Self.camera: .array(array)])) == expected)
        }
    }

    @Test("reads a state of any number type, and a plain list")
    func stateKinds() throws {
        let states: [WireValue] = [
            .array(try NDArray(dtype: "|i1", shape: [3], data: [1, 2, 3])),
            .array(try NDArray(dtype: ">i2", shape: [3], data: [0, 1, 0, 2, 0, 3])),
            .list([.integer(1), .double(2), .integer(3)]),
            .array(NDArray(shape: [1, 3], values: [1, 2, 3])),
            .list([.list([.integer(1), .integer(2), .integer(3)])]),
            .list([1, 2, 3].map { .array(NDArray(shape: [], values: [$0])) }),
        ]
        for state in states {
            #expect(try decoder.observation(from: message(["observation/state": state])).state == [1, 2, 3])
        }
    }

    @Test("reads the instruction from NumPy's arrays of one text")
    func prompts() throws {
        for shape in [[1], [1, 1]] {
            let prompt = WireValue.texts(["lift"], shape: shape)
            #expect(try decoder.observation(from: message(["prompt": prompt])).instruction == "lift")
        }
        #expect(
            error(["prompt": .texts(["a", "b"], shape: [2])])
                == "prompt: expected the task as text, found an array of text [2]; send one text, without a list around it"
        )
        #expect(
            error(["prompt": .binary([108])])
                == "prompt: expected the task as text, found bytes; send text, not bytes: prompt.decode()"
        )
    }

    @Test("names the numbers of a state of another length")
    func stateNames() {
        var contract = PolicyContract.small
        contract.stateNames = ["x", "y", "gripper"]
        let message = message(["observation/state": .array(NDArray(shape: [2], values: [1, 2]))])
        let error = #expect(throws: ObservationError.self) {
            try ObservationDecoder(contract: contract).observation(from: message)
        }
        #expect(
            error?.description
                == "observation/state: expected a state vector, float32 [3], found an array of float32 [2]; "
                + "its numbers: x, y, gripper"
        )
    }

    @Test(
        "says how every other layout becomes an image",
        arguments: [
            ([2, 4, 4, 3], "a batch of several images; send one of them: image[0]"),
            ([4, 4], "np.repeat(image[..., None], 3, axis=-1)"), ([4, 4, 1], "np.repeat(image, 3, axis=-1)"),
            ([1, 5, 5], "np.repeat(image, 3, axis=-3)"), ([1, 1, 5, 5], "np.repeat(image, 3, axis=-3)"),
            ([5, 5, 4], "leave out the fourth channel (alpha, or depth): image[..., :3]"),
            ([4, 5, 5], "leave out the fourth channel (alpha, or depth): image[:3]"),
            ([4, 4, 2], "two channels are no colours"), ([48], "image.reshape(height, width, 3)"),
            ([5, 6, 7], "the last axis must be the three colours"), ([0, 4, 3], "the image is empty"),
        ]
    )
    func layouts(shape: [Int], hint: String) throws {
        let array = NDArray(shape: shape, bytes: Array(repeating: 0, count: shape.reduce(1, *)))
        let text = try #require(error([Self.camera: .array(array)]))
        #expect(text.hasPrefix("\(Self.camera): expected an image, uint8") && text.contains("uint8 \(shape)"))
        #expect(text.contains("; ") && text.contains(hint), "\(text)")
    }

    @Test("says how what is no array of bytes becomes an image")
    func otherImages() throws {
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0] + [UInt8](repeating: 0, count: 44)
        let zeros = [UInt8](repeating: 0, count: 96)
        let cases: [(value: WireValue, hint: String)] = [
            (.binary(jpeg), "this is an encoded JPEG image"),
            (.array(NDArray(shape: [48], bytes: jpeg)), "this is an encoded JPEG image"),
            (.binary([0x89] + Array("PNG\r\n".utf8)), "this is an encoded PNG image"),
            (.binary([1, 2]), "np.asarray(image, dtype=np.uint8)"), (.list([.list([])]), "np.asarray(image"),
            ("/tmp/a.png", "neither a path nor base64"),
            (.array(try NDArray(dtype: "<i2", shape: [4, 4, 3], data: zeros)), "image.astype(np.uint8)"),
            (
                .array(try NDArray(dtype: "|b1", shape: [4, 8, 3], data: zeros)),
                "image.astype(np.uint8) * 255"
            ),
        ]
        for (value, hint) in cases {
            let text = try #require(error([Self.camera: value]))
            #expect(text.hasPrefix(Self.camera) && text.contains(hint), "\(text)")
        }
    }

    @Test("needs no state where the policy uses none")
    func noState() throws {
        var contract = PolicyContract.small
        contract.stateDimension = 0
        let observation = try ObservationDecoder(contract: contract).observation(
            from: message(["observation/state": nil])
        )
        #expect(observation.state.isEmpty)
    }

    @Test("lists the keys that are there when one is missing")
    func missing() {
        #expect(
            error([Self.camera: nil])
                == "observation: key 'observation/images/corner' is missing; expected an image, uint8 [4, 4, 3]; "
                + "keys present: observation/state, prompt"
        )
        #expect(
            error(["prompt": nil])?.contains("key 'prompt' is missing; expected the task as text")
                == true
        )
    }

    @Test("names key, expected and found for a wrong kind, type or shape")
    func mismatch() throws {
        #expect(
            error(["observation/state": .array(NDArray(shape: [4], values: [1, 2, 3, 4]))])
                == "observation/state: expected a state vector, float32 [3], found an array of float32 [4]"
        )
        #expect(error(["prompt": .double(1)]) == "prompt: expected the task as text, found a number")
        let expected =
            "observation/images/corner: expected an image, uint8 (or float in 0 ... 1) [4, 4, 3], at most 16384 a side"
        let wide = NDArray(shape: [4, 4, 4], bytes: [UInt8](repeating: 0, count: 64))
        #expect(
            error([Self.camera: .array(wide)]) == expected
                + ", found an array of uint8 [4, 4, 4]; leave out the fourth channel (alpha, or depth): image[..., :3]"
        )
        let integers = try NDArray(dtype: "<i2", shape: [4, 4, 3], data: [UInt8](repeating: 0, count: 96))
        #expect(
            error([Self.camera: .array(integers)]) == expected
                + ", found an array of int16 [4, 4, 3]; convert it, with values in 0 ... 255: image.astype(np.uint8)"
        )
        let empty = NDArray(shape: [0, 4, 3], bytes: [])
        #expect(
            error([Self.camera: .array(empty)]) == expected
                + ", found an array of uint8 [0, 4, 3]; the image is empty"
        )
    }

    @Test("names the position of a number that is not finite")
    func notFinite() throws {
        let state = NDArray(shape: [3], values: [1, .nan, 3])
        #expect(
            error(["observation/state": .array(state)])?.hasPrefix("observation/state: element [1] is nan")
                == true
        )
        let huge = try NDArray(dtype: "<f8", shape: [3], data: [1e300, 0, 0].flatMap(\.bytes))
        #expect(
            error(["observation/state": .array(huge)])?.hasPrefix("observation/state: element [0] is inf")
                == true
        )
        var values = [Float](repeating: 0.5, count: 48)
        values[3 * (4 * 2 + 1) + 2] = .infinity
        let image = NDArray(shape: [4, 4, 3], values: values)
        #expect(
            error([Self.camera: .array(image)])?.hasPrefix(
                "observation/images/corner: element [2, 1, 2] is inf"
            ) == true
        )
    }

    @Test("refuses floating-point pixels on another scale")
    func scale() {
        var values = [Float](repeating: 0.5, count: 48)
        values[5] = 127
        #expect(
            error([Self.camera: .array(NDArray(shape: [4, 4, 3], values: values))])
                == "observation/images/corner: element [0, 1, 2] is 127.0; floating-point images must lie in 0 ... 1, "
                + "or send uint8"
        )
    }

    @Test("scales images of another size as openpi does, to the bit")
    func resize() async throws {
        guard case .list(let pairs) = try WireValue(decoding: Array(try await PythonPeer.run("resize.py")))
        else {
            Issue.record("resize.py printed no list")
            return
        }
        for pair in pairs {
            let image = try #require(pair.map?["image"]?.array)
            let resized = try #require(pair.map?["resized"]?.array)
            var contract = PolicyContract.small
            contract.cameras[0].height = resized.shape[0]
            contract.cameras[0].width = resized.shape[1]
            let observation = try ObservationDecoder(contract: contract).observation(
                from: message([Self.camera: .array(image)])
            )
            let scaled = try #require(observation.images["observation.images.corner"])
            #expect(scaled.pixels == resized.data, "\(image.shape) to \(resized.shape)")
        }
    }
}

extension Double {
    /// The eight bytes of the number, least significant first.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: bitPattern.littleEndian) { Array($0) } }
}
