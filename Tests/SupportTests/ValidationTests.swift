import Foundation
import Support
import Testing

@Suite("Validation")
struct ValidationTests {
    struct Layer: Validatable {
        var width = 64
        var headCount = 4
        var dropout = 0.0
        var sizes = [3]

        func validate() throws(InvalidValue) {
            try Validation.require(
                ["width": width, "headCount": headCount],
                in: 1 ... Validation.largestSize
            )
            try Validation.require(["width": width], multipleOf: headCount, as: "'headCount' is \(headCount)")
            try Validation.require(["dropout": dropout], in: 0 ..< 1)
            try Validation.require("sizes", sizes, in: 1 ... 9)
        }
    }

    struct Network: Validatable {
        var layer = Layer()
        var rate = 1.0
        var steps = 0

        func validate() throws(InvalidValue) {
            try Validation.require("layer", layer)
            try Validation.require(["rate": rate], above: 0)
            try Validation.require(["steps": steps], atLeast: 0)
            try Validation.require(["steps": steps], atMost: 9)
            try Validation.require(rate <= 2, "rate", "at most 2", found: rate, remedy: "leave it out")
        }
    }

    private func message(_ change: (inout Network) -> Void) -> String? {
        var network = Network()
        change(&network)
        do {
            try network.validate()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("names the key with its groups, what is expected and what was found")
    func messages() {
        #expect(message { _ in } == nil)
        #expect(message { $0.layer.width = 0 } == "'layer.width' should be in 1 ... 65536, found 0")
        #expect(
            message { $0.layer.headCount = 3 }
                == "'layer.width' should be a multiple of 3, as 'headCount' is 3, found 64"
        )
        #expect(
            message { $0.layer.dropout = 1 }
                == "'layer.dropout' should be at least 0.0 and below 1.0, found 1.0"
        )
        #expect(
            message { $0.layer.sizes = [] }
                == "'layer.sizes' should be a list of at least one number, found []"
        )
        #expect(message { $0.layer.sizes = [3, 0] } == "'layer.sizes[1]' should be in 1 ... 9, found 0")
        #expect(message { $0.rate = 0 } == "'rate' should be a number above 0, found 0.0")
        #expect(message { $0.rate = .nan } == "'rate' should be a number above 0, found nan")
        #expect(message { $0.rate = 3 } == "'rate' should be at most 2, found 3.0; leave it out")
        #expect(message { $0.steps = -1 } == "'steps' should be at least 0, found -1")
        #expect(message { $0.steps = .max } == "'steps' should be at most 9, found \(Int.max)")
    }

    enum Shape: String, NamedChoice { case round, square }

    @Test("of a choice names the choices")
    func choices() throws {
        #expect(try JSONDecoder().decode([Shape].self, from: Data(#"["square"]"#.utf8)) == [.square])
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Shape].self, from: Data(#"["squar"]"#.utf8))
        }
        guard case .dataCorrupted(let context)? = error else {
            Issue.record("unexpected \(String(describing: error))")
            return
        }
        #expect(context.debugDescription == "should be one of round, square, found 'squar'")
        #expect(String(decoding: try JSONEncoder().encode([Shape.round]), as: UTF8.self) == #"["round"]"#)
    }
}
