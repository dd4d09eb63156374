import Foundation
import RobotTypes
import Support
import TemporaryFolder
import Testing

@testable import ActionTokenizers

/// Output of Golden/make_beast_golden.py.
private struct Golden: Decodable {
    struct Case: Decodable {
        let steps: Int
        let count: Int
        let columns: Int
        let design: [Double]
        let samples: [Double]
        let points: [Double]
        let curve: [Double]
    }

    let ridge: Double
    let cases: [Case]

    static func load() throws -> Golden {
        let file = try #require(
            Bundle.module.url(forResource: "beast_golden", withExtension: "json", subdirectory: "Golden")
        )
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
}

@Suite("BEAST")
struct BEASTTokenizerTests {
    private let beast: BEASTTokenizer
    private let heldOut = ActionChunks.smooth(50, seed: 2)

    init() throws {
        beast = try BEASTTokenizer(fitting: .smooth(400), normalization: .unit(4), controlPoints: 6)
    }

    @Test("has scipy's splines and NumPy's ridge regression", arguments: 0 ..< 6)
    func golden(index: Int) throws {
        let golden = try Golden.load()
        let example = golden.cases[index]
        let spline = BSpline(count: example.count, steps: example.steps)
        try #require(!spline.design.isEmpty && spline.design.count == example.design.count)
        for (one, other) in zip(spline.design, example.design) { #expect(abs(one - other) < 1e-9) }
        let fit = spline.fitting(ridge: golden.ridge)
        let points = BSpline.product(fit, example.samples, inner: example.steps, columns: example.columns)
        try #require(!points.isEmpty && points.count == example.points.count)
        for (one, other) in zip(points, example.points) { #expect(abs(one - other) < 1e-6) }
        let curve = spline.samples(points, columns: example.columns)
        try #require(!curve.isEmpty && curve.count == example.curve.count)
        for (one, other) in zip(curve, example.curve) { #expect(abs(Double(one) - other) < 1e-6) }
    }

    @Test("gives smooth motions back closely, in a fixed number of tokens")
    func smooth() throws {
        let tokens = try beast.tokens(for: heldOut)
        #expect(tokens.allSatisfy { $0.count == 24 && $0.allSatisfy { 0 ..< 256 ~= $0 } })
        let back = try beast.chunks(for: tokens)
        // The last column jumps, which no smooth curve does.
        let errors = heldOut.values.indices.filter { $0 % 4 < 3 }.map {
            abs(heldOut.values[$0] - back.values[$0])
        }
        #expect(errors.reduce(0, +) / Float(errors.count) < 0.02)
        #expect(beast.bits(of: tokens[0]) == 192)
    }

    @Test("decodes any tokens in range to finite actions, and refuses all others")
    func anyTokens() throws {
        var numbers = Numbers(state: 9)
        let tokens = (0 ..< 100).map { _ in (0 ..< 24).map { _ in Int.random(in: 0 ..< 256, using: &numbers) }
        }
        #expect(try beast.chunks(for: tokens).values.allSatisfy(\.isFinite))
        #expect(throws: ActionTokenizerError("chunk 0: expected 24 tokens, found 23")) {
            try beast.chunks(for: [Array(tokens[0].dropLast())])
        }
        #expect(throws: ActionTokenizerError("chunk 1: token 2: expected 0 ..< 256, found 256")) {
            try beast.chunks(for: [tokens[0], [0, 0, 256] + tokens[0].dropFirst(3)])
        }
    }

    @Test("fits chunks well that reach beyond their episodes")
    func padding() throws {
        let whole = heldOut[0 ..< 4]
        let first = ActionChunks(
            count: 4,
            horizon: whole.horizon,
            dimension: whole.dimension,
            values: whole.values,
            validSteps: [16, 9, 1, 3]
        )
        let tokens = try beast.tokens(for: first)
        let back = try beast.chunks(for: tokens)
        for chunk in 0 ..< 4 {
            for index in 0 ..< first.validSteps[chunk] * 4 where index % 4 < 3 {
                #expect(abs(first.values[chunk * 64 + index] - back.values[chunk * 64 + index]) < 0.15)
            }
        }
    }

    @Test("cannot be fitted to nothing, nor with sizes that make no curve")
    func unfit() {
        func fit(_ chunks: ActionChunks, points: Int = 6, bins: Int = 256, ridge: Double = 1e-4) throws {
            _ = try BEASTTokenizer(
                fitting: chunks,
                normalization: .unit(4),
                controlPoints: points,
                binCount: bins,
                ridge: ridge
            )
        }
        #expect(throws: ActionTokenizerError.self) { try fit(.smooth(0)) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), points: 0) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), bins: 0) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), ridge: 0) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9, columns: 5)) }
        var broken = ActionChunks.smooth(3)
        broken.values[2 * 64 + 5 * 4 + 3] = .nan
        #expect(throws: ActionTokenizerError("chunk 2, step 5, column 3: nan is not finite")) {
            try fit(broken)
        }
        #expect(throws: ActionTokenizerError("chunk 2, step 5, column 3: nan is not finite")) {
            try beast.tokens(for: broken)
        }
    }

    @Test("comes back from its folder as it was; what was damaged is refused, naming the field")
    func folder() throws {
        let folder = try TemporaryFolder()
        try beast.save(to: folder.url)
        #expect(try BEASTTokenizer(loading: folder.url) == beast)
        let file = folder.appending(path: "config.json")
        let whole = try String(contentsOf: file, encoding: .utf8)
        for (from, to, expected) in [
            (
                "\"controlPoints\" : 6", "\"controlPoints\" : 7",
                "config.json: 'low' should be a list of 28 finite numbers, found 24"
            ),
            (
                "\"controlPoints\" : 6", "\"controlPoints\" : -6",
                "'controlPoints' should be in 1 ... 256, found -6"
            ),
            ("\"horizon\" : 16", "\"horizon\" : 0", "'horizon' should be in 1 ... 4096, found 0"),
            ("\"binCount\" : 256", "\"binCount\" : 0", "'binCount' should be in"),
            ("\"ridge\" : 0.0001", "\"ridge\" : 0", "'ridge' should be a number above 0"),
            ("\"high\"", "\"higher\"", "config.json"),
        ] {
            try #require(whole.contains(from))
            try whole.replacing(from, with: to).write(to: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: ActionTokenizerError.self) { try BEASTTokenizer(loading: folder.url) }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
            #expect(error?.description.contains(folder.url.path) == true)
        }
    }
}
