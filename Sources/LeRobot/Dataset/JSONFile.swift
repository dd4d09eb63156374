import Foundation

/// Reads a JSON file; an error names the file and the field.
func decodedJSON<Value: Decodable>(_ type: Value.Type, from file: URL) throws(LeRobotError) -> Value {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
        throw .unreadable(file: file.path, reason: error.localizedDescription)
    }
    do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
        throw .wrongJSON(error, in: file)
    } catch {
        throw .unreadable(file: file.path, reason: "\(error)")
    }
}

extension LeRobotError {
    fileprivate static func wrongJSON(_ error: DecodingError, in file: URL) -> LeRobotError {
        func wrong(_ path: [any CodingKey], _ expected: String, _ found: String) -> LeRobotError {
            .wrongField(
                file: file.path,
                field: path.map(\.stringValue).joined(separator: "."),
                expected: expected,
                found: found
            )
        }
        switch error {
        case .keyNotFound(let key, let context): return wrong(context.codingPath + [key], "a value", "none")
        case .valueNotFound(let type, let context): return wrong(context.codingPath, "\(type)", "null")
        case .typeMismatch(let type, let context):
            return wrong(context.codingPath, "\(type)", context.debugDescription)
        case .dataCorrupted(let context):
            guard context.codingPath.isEmpty else {
                return wrong(context.codingPath, "a usable value", context.debugDescription)
            }
            return .unreadable(file: file.path, reason: "not valid JSON: \(context.debugDescription)")
        @unknown default: return .unreadable(file: file.path, reason: "\(error)")
        }
    }
}
