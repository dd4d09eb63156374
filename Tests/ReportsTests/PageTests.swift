import Foundation
import Reports
import TemporaryFolder
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("A report is one page that stands alone")
struct PageTests {
    @Test("Nothing is loaded from elsewhere")
    func loadsNothing() throws {
        let html = sampleReport().html()
        #expect(html.firstMatch(of: try Regex("https?://")) == nil)
        #expect(html.firstMatch(of: try Regex("(?i)@import|<script|<link|<iframe|<object|<embed")) == nil)
        for match in html.matches(of: /(?:src|href|poster|srcset|data|action)="([^"]*)"/) {
            #expect(
                match.1.hasPrefix("data:video/mp4;base64,") || match.1.hasPrefix("#"),
                "\(match.1.prefix(60))"
            )
        }
        for match in html.matches(of: /url\(([^)]*)\)/) {
            #expect(match.1.hasPrefix("data:"), "\(match.1)")
        }
    }

    @Test("Every link leads to a section of the page")
    func linksResolve() {
        let html = sampleReport().html()
        let links = html.matches(of: /href="#([^"]*)"/).map { String($0.1) }
        #expect(links.count == 9)
        for link in links { #expect(html.contains("<section id=\"\(link)\">")) }
    }

    @Test("Every drawing is well-formed XML", arguments: ["sample", "hostile", "broken"])
    func drawingsParse(kind: String) throws {
        let report = kind == "sample" ? sampleReport() : kind == "hostile" ? hostileReport() : brokenReport()
        let drawings = report.html().matches(of: /(?s)<svg.*?<\/svg>/).map { String($0.0) }
        #expect(drawings.count > 5)
        for drawing in drawings {
            let parser = XMLParser(data: Data(drawing.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError)): \(drawing.prefix(200))")
        }
    }

    @Test("Text of a run never becomes markup")
    func escapes() {
        let html = hostileReport().html()
        #expect(!html.contains("<script"))
        #expect(!html.contains("onload=\"x"))
        #expect(!html.contains("\u{1}"))
        #expect(html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"))
        #expect(html.contains("a &amp; b"))
    }

    @Test("A straggler far beyond all other times lies in the last bar")
    func straggler() {
        var report = RunReport(title: "Latency")
        report.latencies = Array(repeating: 0, count: 200) + [1e12]
        #expect(report.html().contains("the last bar gathers 1 slower"))
    }

    @Test("An empty report is a page with its title and no section")
    func emptyReport() {
        let html = RunReport(title: "Nothing yet").html()
        #expect(html.contains("<h1>Nothing yet</h1>"))
        #expect(!html.contains("<section"))
        #expect(!html.contains("<nav"))
        #expect(html.hasSuffix("</html>\n"))
    }

    @Test("Values that are not finite leave gaps, not broken drawings")
    func notFinite() {
        let html = brokenReport().html()
        let drawings = html.matches(of: /(?s)<svg.*?<\/svg>/).map { String($0.0) }
        for drawing in drawings {
            for match in drawing.matches(of: /\ (?:points|[xyr][12]?|c[xy]|width|height)="([^"]*)"/) {
                #expect(match.1.allSatisfy { "0123456789.,- ".contains($0) }, "\(match.0)")
            }
        }
        #expect(html.contains("<td>–</td>"))
        #expect(drawings.contains { $0.matches(of: /<polyline class="line c0"/).count == 2 })
    }

    @Test("A page on disk is the page in memory")
    func writes() throws {
        let folder = try TemporaryFolder()
        let film = Data((0 ..< 255).map { UInt8($0) })
        let file = folder.appending(path: "run/report.html")
        let report = sampleReport(film: film)
        try report.write(to: file)
        let written = try String(contentsOf: file, encoding: .utf8)
        #expect(written == report.html())
        #expect(written.contains("src=\"data:video/mp4;base64,\(film.base64EncodedString())\""))
    }
}

/// A report whose every text tries to be markup.
private func hostileReport() -> RunReport {
    let attack = "<script>alert('1')</script>\" onload=\"x a & b \u{1}"
    var report = RunReport(title: attack)
    report.subtitle = attack
    report.keyFigures = [.init(label: attack, value: attack, note: attack)]
    let series = RunReport.Series(name: attack, points: [(0, 1), (1, 2)])
    report.curves = [.init(title: attack, xLabel: attack, yLabel: attack, series: [series, series])]
    var row = RunReport.TokenizerRow(name: attack)
    row.vrrMaxAbsolute = [(attack, 0.5), ("0.1", 0.6), ("0.2", 0.7)]
    report.tokenizers = [row]
    report.overlays = [.init(title: attack, columns: [attack], original: [[0, 1]], reconstructed: [[1, 0]])]
    report.codebookUse = [.init(name: attack, sortedFrequencies: [0.7, 0.3])]
    report.success = [.init(task: attack, policy: .init(fraction: 0.5, episodes: 2, low: 0.1, high: 0.9))]
    report.perturbations = [.init(name: attack, rate: .init(fraction: 0.5, episodes: 2, low: 0.1, high: 0.9))]
    report.rollouts = [.init(task: attack, seed: 1, success: true, mp4: Data([1]))]
    report.latencies = [1, 2, 3]
    report.stages = [.init(name: attack, count: 3, median: 1, slow: 2)]
    report.facts = [(attack, attack)]
    report.commands = [attack]
    return report
}

/// A report full of values that no axis can show, and of arrays that do not match.
private func brokenReport() -> RunReport {
    let wild: [Double] = [.nan, .infinity, -.infinity, 1e308, -1e308, 0, -1, .leastNonzeroMagnitude]
    var report = RunReport(title: "Broken")
    let gap: [(x: Double, y: Double)] = [(0, 1), (1, 2), (2, .nan), (3, 1), (4, 2)]
    report.curves = [
        .init(title: "gap", xLabel: "", yLabel: "", series: [.init(name: "a", points: gap)]),
        .init(title: "none", xLabel: "", yLabel: "", series: [.init(name: "a", points: [(.nan, .nan)])]),
        .init(title: "no series", xLabel: "", yLabel: ""),
    ]
    for logarithmic in [false, true] {
        let points = wild.flatMap { y in wild.map { x in (x: x, y: y) } }
        report.curves.append(
            .init(
                title: "wild",
                xLabel: "",
                yLabel: "",
                logarithmic: logarithmic,
                series: [.init(name: "w", points: points)]
            )
        )
        let flat = (0 ..< 600).map { (x: Double($0), y: 1e15) }
        report.curves.append(
            .init(
                title: "flat",
                xLabel: "",
                yLabel: "",
                logarithmic: logarithmic,
                series: [.init(name: "f", points: flat)]
            )
        )
    }
    report.tokenizers = [.init(name: "unknown")]
    var row = RunReport.TokenizerRow(name: "some")
    row.l1 = 0.1
    report.tokenizers.append(row)
    report.overlays = [
        .init(title: "uneven", columns: [], original: [wild, []], reconstructed: [[.nan], [], [1, 2]])
    ]
    report.codebookUse = [
        .init(name: "wild", sortedFrequencies: wild), .init(name: "none", sortedFrequencies: []),
    ]
    report.success = wild.map {
        .init(task: "t", policy: .init(fraction: $0, episodes: 0, low: $0, high: .nan))
    }
    report.perturbations = wild.map {
        .init(
            name: "p",
            rate: .init(fraction: $0, episodes: 0, low: $0, high: .nan),
            difference: ($0, .nan, $0),
            pValue: $0
        )
    }
    report.latencies = wild
    report.stages = wild.map { .init(name: "a", count: 1, median: $0, slow: $0) }
    report.rollouts = [.init(task: "t", seed: .min, success: false, mp4: Data())]
    return report
}
