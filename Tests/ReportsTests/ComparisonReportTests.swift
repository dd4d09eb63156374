import Foundation
import Testing

@testable import Reports

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("A comparison is one page that stands alone")
struct ComparisonReportTests {
    private func point(_ name: String, bits: Double, l1: Double) -> ComparisonReport.OperatingPoint {
        var point = ComparisonReport.OperatingPoint(name: name)
        point.bits = (bits, bits * 1.5)
        point.tokens = (bits / 10, bits / 8)
        point.l1 = .init(l1, low: l1 * 0.9, high: l1 * 1.1)
        point.vrrMaxAbsolute = [
            ("0.01", .init(0.1)), ("0.05", .init(0.5, low: 0.4, high: 0.6)), ("0.1", .init(1)),
        ]
        point.vrrL2 = point.vrrMaxAbsolute
        var numbers = ComparisonReport.FullTokenizer()
        numbers.quantiles = [(0.5, 0.01), (0.9, 0.02), (0.99, 0.1), (1, 0.4)]
        (numbers.worstPeak, numbers.worstColumns) = (0.3, [("gripper", 0.8), ("x", 0.2)])
        point.fullTokenizer = numbers
        return point
    }

    private func report(_ name: String = "own") -> ComparisonReport {
        var report = ComparisonReport(title: "Compared \(name)")
        var dataset = ComparisonReport.Dataset(name: "demos \(name)")
        dataset.curves = [
            .init(
                name: name,
                points: [point("\(name) (1)", bits: 50, l1: 0.02), point("\(name) (2)", bits: 100, l1: 0.01)]
            ),
            .init(name: "\(name), by stages", base: name, points: [point("a", bits: 70, l1: 0.015)]),
            .init(name: "fast", points: [point("fast", bits: 120, l1: 0.011)]),
        ]
        dataset.columns = [
            .init(name: "position", isGroup: true, errors: [("own", 0.1), ("fast", 0.2)]),
            .init(name: "x", errors: [("own", 0.3), ("fast", 0.2)]),
        ]
        dataset.results = [
            .init(
                budget: "mean bits",
                own: name,
                size: 100,
                other: "fast",
                otherSize: 120,
                measures: [
                    .init(name: "L1", own: "0.0100", other: "0.0110", outcome: .better),
                    .init(name: "VRR(0.05)", own: "50 %", other: "60 %", outcome: .worse),
                ]
            ),
            .init(
                budget: "maximum bits",
                own: "none",
                size: .nan,
                other: "binning",
                otherSize: 10,
                measures: []
            ),
        ]
        dataset.examples = [
            .init(
                title: "worst",
                columns: ["x", "gripper"],
                original: [[0, 1], [1, 1]],
                versions: [("fast", "fast", [[0, 0.9], [1, 1]]), (name, name, [[0, 1.1], [1, .nan]])]
            )
        ]
        report.datasets = [dataset]
        report.replays = [
            .init(
                title: "toy",
                rows: [
                    .init(
                        name: "raw",
                        rate: .init(fraction: 1, episodes: 20, low: 0.84, high: 1),
                        tasks: ["easy": 1, "hard": 1]
                    ),
                    .init(
                        name: name,
                        rate: .init(fraction: 0.9, episodes: 20, low: 0.7, high: 0.97),
                        difference: .init(-0.1, low: -0.3, high: 0.05),
                        pValue: 0.5,
                        lost: 2,
                        tasks: ["easy": 1, "hard": 0.8]
                    ),
                ]
            )
        ]
        return report
    }

    @Test("Results, curves, tables, chunks and replays are on the page")
    func parts() throws {
        let html = report().html()
        for anchor in ["comparison-results", "dataset-1", "replay"] {
            #expect(html.contains("<section id=\"\(anchor)\">"))
        }
        #expect(html.contains("<td class=\"better\">0.0100 to 0.0110</td>"))
        #expect(html.contains("<td class=\"worse\">50 % to 60 %</td>"))
        #expect(
            html.contains("<td class=\"better\">1 better, 0 worse, of 1; 1 without an operating point</td>")
        )
        #expect(html.contains("<th scope=\"row\" class=\"group\">position</th>"))
        #expect(html.contains("<td class=\"best\">0.100</td>"))
        #expect(html.contains("gripper 80\u{202F}%, x 20\u{202F}%"))
        #expect(html.contains("−10.0 (−30.0 to 5.0)"))
        let tasks = html.matches(of: try Regex("<th scope=\"row\">(easy|hard)</th>")).map { html[$0.range] }
        #expect(tasks.first?.contains("hard") == true && tasks.count == 2)
        #expect(html.contains("<td>100\u{202F}%</td><td class=\"worse\">80\u{202F}%</td>"))
        #expect(html.contains("<small>0.00900–0.0110</small>"))
    }

    @Test("A variant has the colour of its curve, the first one dashed, the next dotted")
    func styles() {
        let another = ComparisonReport.Curve(name: "own, by codebooks", base: "own", points: [])
        let styles = LineStyles(report().datasets[0].curves + [another])
        #expect(styles["own, by codebooks"] == "c0 dotted")
        #expect(styles["own"] == "c0" && styles["own, by stages"] == "c0 dashed" && styles["fast"] == "c1")
    }

    @Test("Text never becomes markup, drawings are XML, and nothing is loaded from elsewhere")
    func safe() throws {
        let html = report("<script>alert('1')</script>\" onload=\"x a & b").html()
        #expect(!html.contains("<script") && !html.contains("onload=\"x"))
        #expect(html.firstMatch(of: try Regex("https?://")) == nil)
        let drawings = html.matches(of: /(?s)<svg.*?<\/svg>/).map { String($0.0) }
        #expect(drawings.count > 15)
        for drawing in drawings {
            let parser = XMLParser(data: Data(drawing.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError)): \(drawing.prefix(200))")
        }
    }

    @Test("Without values there are no parts, and values that are not finite break no drawing")
    func broken() {
        #expect(!ComparisonReport(title: "Nothing").html().contains("<section"))
        var report = report()
        var wild = point("wild", bits: .infinity, l1: -.infinity)
        wild.vrrMaxAbsolute = [("0.05", .init(.nan, low: .infinity, high: -1))]
        report.datasets[0].curves.append(.init(name: "wild", points: [wild, .init(name: "unknown")]))
        report.datasets.append(.init(name: "empty"))
        let html = report.html()
        #expect(!html.contains("nan") && !html.contains("inf\""))
        #expect(!html.contains("dataset-2"))
    }
}
