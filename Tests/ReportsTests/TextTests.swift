import Testing

@testable import Reports

@Suite("Text on pages")
struct TextTests {
    @Test(
        "Long names take two lines, broken between words, so that names which differ in the middle differ on the page"
    )
    func wrapped() {
        #expect("reach-v3".wrapped(to: 46) == ["reach-v3"])
        let name = "pick_up_the_black_bowl_in_the_top_drawer_of_the_wooden_cabinet_and_place_it_on_the_plate"
        let lines = name.wrapped(to: 46)
        #expect(lines.count == 2 && lines.joined() == name)
        #expect(lines.first == "pick_up_the_black_bowl_in_the_top_drawer_of_")
        let unbroken = String(repeating: "a", count: 200).wrapped(to: 46)
        #expect(unbroken.map(\.count) == [46, 46])
    }

    @Test("A rate without an interval is a rate")
    func rate() {
        #expect(RunReport.Rate(fraction: 0.5, episodes: 30, low: .nan, high: .nan).text == "50\u{202F}%")
        #expect(
            RunReport.Rate(fraction: 0.5, episodes: 30, low: 0.33, high: 0.67).text == "50\u{202F}% (33–67)"
        )
    }
}
