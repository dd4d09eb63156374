/// A hint at what makes an image of a value that is none, in NumPy's words for the sender.
struct ImageHint {
    /// The hint; empty where there is none.
    let text: String

    /// The hint for `value`.
    init(_ value: WireValue) {
        switch value {
        case .array(let array): text = Self.hint(array)
        case .binary(let bytes): text = Self.encoding(of: bytes).map(Self.decode) ?? Self.pixels
        case .string, .texts: text = "send pixels, neither a path nor base64: \(Self.pixels)"
        case .list: text = Self.pixels
        case .map: text = "send every camera under its own key of the observation"
        case .null, .boolean, .integer, .double, .unreadable: text = ""
        }
    }

    private static let pixels = "np.asarray(image, dtype=np.uint8) of shape [height, width, 3]"

    private static func decode(_ format: String) -> String {
        "this is an encoded \(format) image; send its pixels as uint8: "
            + "np.asarray(PIL.Image.open(io.BytesIO(data)).convert('RGB'))"
    }

    /// The format of an encoded image, by its first bytes.
    private static func encoding(of bytes: [UInt8]) -> String? {
        let formats: [(name: String, start: [UInt8])] = [
            ("JPEG", [0xFF, 0xD8, 0xFF]), ("PNG", [0x89, 0x50, 0x4E, 0x47]), ("GIF", Array("GIF8".utf8)),
            ("WebP", Array("RIFF".utf8)), ("BMP", Array("BM".utf8)),
        ]
        return formats.first { bytes.starts(with: $0.start) }?.name
    }

    private static func hint(_ array: NDArray) -> String {
        let shape = array.shape
        if shape.contains(0) { return "the image is empty" }
        let hint: String? =
            switch shape.count {
            case 0: nil
            case 1:
                encoding(of: array.data).map(decode)
                    ?? "give it its axes back: image.reshape(height, width, 3)"
            case 2: "this is grey; repeat it for the three colours: np.repeat(image[..., None], 3, axis=-1)"
            case 3: channelHint(shape)
            default:
                shape.dropLast(3).allSatisfy { $0 == 1 }
                    ? channelHint(shape.suffix(3))
                    : "this is a batch of several images; send one of them: image[0]"
            }
        if let hint { return hint }
        guard shape.count >= 3 else { return "" }
        return numberHint(array)
    }

    /// The hint for an image of other than three channels.
    private static func channelHint(_ shape: some Collection<Int>) -> String? {
        let shape = Array(shape)
        if shape[0] == 3 || shape[2] == 3 { return nil }
        let axis = shape[2] <= 4 ? 2 : 0
        switch shape[axis] {
        case 1:
            return
                "this is grey; repeat it for the three colours: np.repeat(image, 3, axis=\(axis == 2 ? -1 : -3))"
        case 2: return "two channels are no colours; send three: red, green and blue"
        case 4:
            let colours = axis == 2 ? "image[..., :3]" : "image[:3]"
            return "leave out the fourth channel (alpha, or depth): \(colours)"
        default: return "the last axis must be the three colours: red, green and blue"
        }
    }

    /// The hint for an image of another number type.
    private static func numberHint(_ array: NDArray) -> String {
        switch (array.elementType.kind, array.elementType.size) {
        case (.unsigned, 1), (.float, _): ""
        case (.boolean, _): "convert it: image.astype(np.uint8) * 255"
        default: "convert it, with values in 0 ... 255: image.astype(np.uint8)"
        }
    }
}
