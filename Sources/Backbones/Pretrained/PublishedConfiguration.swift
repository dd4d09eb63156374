public import Foundation
public import NN
public import Torch

/// `config.json` of a published model, or another of its JSON files.
///
/// Files leave out what equals the default of the publisher's class, so every key is read beside that default.
public struct PublishedConfiguration: Sendable {
    private let file: String
    /// Keys of the objects around this one.
    private let path: [String]
    private let values: [String: JSON]

    /// Reads `config.json` of `folder`.
    ///
    /// - Throws: ``PretrainedError``.
    public init(of folder: URL) throws(PretrainedError) {
        try self.init(reading: folder.appending(path: "config.json"))
    }

    /// Reads another file.
    ///
    /// - Throws: ``PretrainedError``.
    public init(reading url: URL) throws(PretrainedError) {
        guard let data = try? Data(contentsOf: url) else {
            throw PretrainedError(file: url.path, reason: "is missing or cannot be read")
        }
        guard let values = try? JSONDecoder().decode([String: JSON].self, from: data) else {
            throw PretrainedError(file: url.path, reason: "is not a JSON object")
        }
        (file, path, self.values) = (url.path, [], values)
    }

    private init(file: String, path: [String], values: [String: JSON]) {
        (self.file, self.path, self.values) = (file, path, values)
    }

    /// An integer.
    public func integer(_ key: String, default value: Int) throws(PretrainedError) -> Int {
        try read(key, "an integer") { if case .integer(let found) = $0 { found } else { nil } } ?? value
    }

    /// Sizes that networks have; others are taken for damage.
    private static let sizes = 1 ... 1 << 24

    /// A size of a network: an integer from 1 on.
    public func size(_ key: String, default value: Int) throws(PretrainedError) -> Int {
        try checked(integer(key, default: value), key)
    }

    /// A size of a network, `value` where the key is missing; nil for null.
    public func optionalSize(_ key: String, default value: Int) throws(PretrainedError) -> Int? {
        values[key] == .null ? nil : try size(key, default: value)
    }

    /// A number of attention heads, which divides the `width` channels of a token evenly.
    public func heads(_ key: String, default value: Int, width: Int) throws(PretrainedError) -> Int {
        let found = try size(key, default: value)
        guard width.isMultiple(of: found) else {
            throw error(key, expected: "a divisor of \(width), the 'hidden_size'", found: "\(found)")
        }
        return found
    }

    private func checked(_ size: Int, _ key: String) throws(PretrainedError) -> Int {
        guard Self.sizes.contains(size) else {
            throw error(key, expected: "an integer from 1 to \(Self.sizes.upperBound)", found: "\(size)")
        }
        return size
    }

    /// A number.
    public func number(_ key: String, default value: Double) throws(PretrainedError) -> Double {
        try read(key, "a number") { $0.asNumber } ?? value
    }

    /// True or false.
    public func flag(_ key: String, default value: Bool) throws(PretrainedError) -> Bool {
        try read(key, "true or false") { if case .flag(let found) = $0 { found } else { nil } } ?? value
    }

    /// A number, `value` where the key is missing; nil for null.
    public func optionalNumber(_ key: String, default value: Double) throws(PretrainedError) -> Double? {
        values[key] == .null ? nil : try number(key, default: value)
    }

    /// A text; nil where there is none.
    public func text(_ key: String) throws(PretrainedError) -> String? {
        try read(key, "a text") { if case .text(let found) = $0 { found } else { nil } }
    }

    /// A list of integers; nil where there is none.
    public func integers(_ key: String) throws(PretrainedError) -> [Int]? {
        try list(key, "a list of integers") { if case .integer(let found) = $0 { found } else { nil } }
    }

    /// A number for each of red, green and blue, or one for all; nil where there is none.
    func channels(_ key: String) throws(PretrainedError) -> [Double]? {
        try read(key, "a number, or one for each of three channels") { (found: JSON) -> [Double]? in
            guard case .list(let list) = found else {
                return found.asNumber.map { Array(repeating: $0, count: 3) }
            }
            let numbers = list.compactMap(\.asNumber)
            return numbers.count == 3 && list.count == 3 ? numbers : nil
        }
    }

    /// A list of texts; nil where there is none.
    public func texts(_ key: String) throws(PretrainedError) -> [String]? {
        try list(key, "a list of texts") { if case .text(let found) = $0 { found } else { nil } }
    }

    /// Rows and columns of a square, as one number from 1 on or as two.
    public func side(_ key: String, default value: Int) throws(PretrainedError) -> Int {
        let given: Int? = try read(key, "an integer, or two equal ones") {
            switch $0 {
            case .integer(let found): found
            case .list(let list) where list.count == 2 && list[0] == list[1]:
                if case .integer(let found) = list[0] { found } else { nil }
            default: nil
            }
        }
        return try checked(given ?? value, key)
    }

    /// Sides of a square image and of its patches, of which it has one at least.
    func sides(
        image: (key: String, default: Int),
        patch: (key: String, default: Int)
    ) throws(PretrainedError) -> (image: Int, patch: Int) {
        let (whole, part) = (
            try side(image.key, default: image.default), try side(patch.key, default: patch.default)
        )
        guard part <= whole else {
            throw error(patch.key, expected: "at most \(whole), the '\(image.key)'", found: "\(part)")
        }
        return (whole, part)
    }

    /// An object inside this one; nil where there is none.
    public func object(_ key: String) throws(PretrainedError) -> PublishedConfiguration? {
        let found = try read(key, "an object") { if case .object(let found) = $0 { found } else { nil } }
        return found.map { PublishedConfiguration(file: file, path: path + [key], values: $0) }
    }

    /// Objects of a list inside this one; nil where there is none.
    public func objects(_ key: String) throws(PretrainedError) -> [PublishedConfiguration]? {
        let found = try list(key, "a list of objects") {
            if case .object(let found) = $0 { found } else { nil }
        }
        return found?.enumerated().map {
            PublishedConfiguration(file: file, path: path + [key, "\($0)"], values: $1)
        }
    }

    /// All keys.
    public var keys: [String] { values.keys.sorted() }

    /// True if the key is there, null included.
    public func has(_ key: String) -> Bool { values[key] != nil }

    /// An error about `key` of this object.
    public func error(_ key: String, expected: String, found: String) -> PretrainedError {
        let whole = (path + [key]).joined(separator: ".")
        return PretrainedError(file: file, reason: "'\(whole)' should be \(expected), found \(found)")
    }

    /// nil for an absent key and for null.
    private func list<Value>(
        _ key: String,
        _ expected: String,
        _ convert: (JSON) -> Value?
    ) throws(PretrainedError) -> [Value]? {
        try read(key, expected) {
            guard case .list(let list) = $0 else { return nil }
            let found = list.compactMap(convert)
            return found.count == list.count ? found : nil
        }
    }

    /// nil for an absent key and for null.
    private func read<Value>(
        _ key: String,
        _ expected: String,
        _ convert: (JSON) -> Value?
    ) throws(PretrainedError) -> Value? {
        guard let found = values[key], found != .null else { return nil }
        guard let value = convert(found) else { throw error(key, expected: expected, found: "\(found)") }
        return value
    }
}

extension PublishedConfiguration {
    /// Element type of the published weights, under its newer or older key; nil where the file names none.
    public func dtype() throws(PretrainedError) -> DType? {
        let key = has("dtype") ? "dtype" : "torch_dtype"
        guard let name = try text(key) else { return nil }
        switch name {
        case "float32": return .float32
        case "bfloat16": return .bfloat16
        case "float16": return .float16
        default: throw error(key, expected: "float32, bfloat16 or float16", found: name)
        }
    }

    /// Base of the rotary positions, and sections of multimodal ones, by newer keys (`rope_parameters`) or older ones
    /// (`rope_theta`, `rope_scaling`).
    ///
    /// - Throws: ``PretrainedError`` for a kind of scaling that is not built.
    public func rotary(defaultBase: Double) throws(PretrainedError) -> (base: Double, sections: [Int]?) {
        let (newer, older) = (try object("rope_parameters"), try object("rope_scaling"))
        let own = try number("rope_theta", default: defaultBase)
        let base = try newer?.number("rope_theta", default: own) ?? own
        let settings = newer ?? older
        guard let settings else { return (base, nil) }
        let key = settings.has("rope_type") ? "rope_type" : "type"
        let kind = try settings.text(key) ?? "default"
        guard ["default", "mrope"].contains(kind) else {
            throw settings.error(key, expected: "default or mrope", found: kind)
        }
        return (base, try settings.integers("mrope_section"))
    }

    /// Non-linearity under `key`.
    public func activation(_ key: String, default value: Activation) throws(PretrainedError) -> Activation {
        switch try text(key) {
        case nil: return value
        case "gelu": return .gelu
        case "gelu_pytorch_tanh", "gelu_new": return .geluTanh
        case "silu", "swish": return .silu
        case let name?: throw error(key, expected: "gelu, gelu_pytorch_tanh or silu", found: name)
        }
    }
}

/// A value of a JSON file.
private enum JSON: Decodable, Equatable, Sendable, CustomStringConvertible {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let found = try? value.decode(Bool.self) {
            self = .flag(found)
        } else if let found = try? value.decode(Int.self) {
            self = .integer(found)
        } else if let found = try? value.decode(Double.self) {
            self = .number(found)
        } else if let found = try? value.decode(String.self) {
            self = .text(found)
        } else if let found = try? value.decode([JSON].self) {
            self = .list(found)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    /// The number that it is, whole or not; nil for anything else.
    var asNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "'\(value)'"
        case .list(let values): "a list of \(values.count)"
        case .object: "an object"
        }
    }
}
