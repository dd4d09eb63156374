import Testing

@testable import FASTerVQ

@Suite("Budgets of codes")
struct CodeBudgetTests {
    @Test("spend codes where each takes off most, and no more than the limit asks for")
    func counts() {
        let budget = CodeBudget(errors: [[4, 3, 2.5], [9, 4, 3.5], [1]])
        #expect(budget.counts(within: 14) == [0, 0, 0])
        #expect(budget.counts(within: 13) == [0, 1, 0])
        #expect(budget.counts(within: 9) == [0, 1, 0])
        #expect(budget.counts(within: 8) == [1, 1, 0])
        #expect(budget.counts(within: 0) == [2, 2, 0])
    }

    @Test("look beyond a code that helps only with the next one, and leave out what helps nothing")
    func convexity() {
        #expect(CodeBudget(errors: [[8, 9, 1], [4, 2, 1]]).counts(within: 6) == [2, 0])
        #expect(CodeBudget(errors: [[3, 3, 3]]).counts(within: 0) == [0])
    }

    @Test("agree with the best of all ways to spend, where errors fall ever less")
    func exhaustive() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0 ..< 50 {
            let errors: [[Float]] = (0 ..< 3).map { _ in
                let falls = (0 ..< 4).map { _ in Float.random(in: 0 ... 1, using: &generator) }.sorted(by: >)
                return falls.reduce(into: [4]) { $0.append($0[$0.count - 1] - $1) }
            }
            let counts = CodeBudget(errors: errors).counts(within: 9)
            let spent = counts.reduce(0, +)
            let sums = (0 ..< 125).filter { $0 / 25 + $0 / 5 % 5 + $0 % 5 < spent }.map {
                errors[0][$0 / 25] + errors[1][$0 / 5 % 5] + errors[2][$0 % 5]
            }
            #expect(sums.allSatisfy { $0 > 9 - 1e-4 })
        }
    }
}
