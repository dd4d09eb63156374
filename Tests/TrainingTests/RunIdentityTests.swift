import Testing

@testable import Training

@Suite("The identity of a training")
struct RunIdentityTests {
    private func text(
        weights: [Double] = [],
        start: String? = nil,
        heldOut: [Int] = []
    ) throws -> String {
        try RunIdentity(
            ["steps": 3],
            seed: 5,
            data: [1, 2],
            weights: weights,
            start: start,
            heldOut: heldOut
        ).text
    }

    @Test("names the model that it starts from and the episodes held out, where there are any")
    func parts() throws {
        let plain = try text()
        #expect(plain.hasPrefix("{\"steps\":3} seed 5, data "))
        #expect(!plain.contains("from") && !plain.contains("held-out"))
        #expect(try text(start: "backbone of runs/a") == plain + ", from backbone of runs/a")
        #expect(try text(weights: [1, 1]) == plain)
        #expect(try text(weights: [5, 1]) == plain + ", weights [5.0, 1.0]")
        let heldOut = try text(heldOut: [3, 4])
        #expect(heldOut.hasPrefix(plain + ", held-out episodes: 2 ("))
        #expect(try text(heldOut: [3, 5]) != heldOut)
    }
}
