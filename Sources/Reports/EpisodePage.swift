public import Foundation
internal import Support

/// One recorded episode as a page: its videos, and its numbers in step with them.
public struct EpisodePage: Sendable {
    /// Columns of a feature over the episode.
    public struct Feature: Sendable {
        /// Name of the feature.
        public let name: String

        /// Names of the columns.
        public let columns: [String]

        /// Values of every column, `[columns][steps]`.
        public let values: [[Double]]

        /// Collects the columns of a feature.
        public init(name: String, columns: [String], values: [[Double]]) {
            self.name = name
            self.columns = columns
            self.values = values
        }
    }

    /// A camera's video, one frame a step.
    public struct Video: Sendable {
        /// Name of the camera.
        public let camera: String

        /// Bytes of an MP4 file.
        public let mp4: Data

        /// Collects a video.
        public init(camera: String, mp4: Data) {
            self.camera = camera
            self.mp4 = mp4
        }
    }

    private let title: String
    private let instruction: String
    private let facts: [(name: String, value: String)]
    private let fps: Double
    private let steps: Int
    private let videos: [Video]
    private let features: [Feature]

    /// Describes an episode.
    ///
    /// - Parameters:
    ///   - title: Title of the page.
    ///   - instruction: The instruction, in plain words.
    ///   - facts: Further facts by name.
    ///   - fps: Steps a second.
    ///   - steps: Number of steps.
    ///   - videos: Videos of the cameras.
    ///   - features: Features to plot.
    public init(
        title: String,
        instruction: String,
        facts: [(name: String, value: String)],
        fps: Double,
        steps: Int,
        videos: [Video],
        features: [Feature]
    ) {
        self.title = title
        self.instruction = instruction
        self.facts = facts
        self.fps = fps
        self.steps = steps
        self.videos = videos
        self.features = features
    }

    /// Writes the page as one file that needs no other.
    ///
    /// - Throws: ``DurableFileError`` when the file cannot be written.
    public func write(to file: URL) throws { try DurableFile.write(Data(html.utf8), to: file) }

    /// The whole page.
    var html: String {
        var page = Page(
            title: title,
            subtitle: instruction,
            keyFigures: facts.map { .init(label: $0.name, value: $0.value) },
            sections: [
                Page.Section(anchor: "episode", title: "Episode", body: player),
                Page.Section(anchor: "statistics", title: "Statistics of the episode", body: statistics),
            ]
        )
        page.script = Self.script
        return page.html
    }

    private var player: String {
        let films = videos.map { video in
            """
            <figure class="film"><video muted playsinline preload="auto" aria-label="\(video.camera.escaped)" \
            src="data:video/mp4;base64,\(video.mp4.base64EncodedString())"></video>
            <figcaption>\(video.camera.escaped)</figcaption></figure>
            """
        }
        return """
            <div class="films">\(films.joined(separator: "\n"))</div>
            <div class="player" data-fps="\(fps)" data-steps="\(steps)">
            <button type="button">Play</button>
            <input type="range" min="0" max="\(max(steps - 1, 0))" value="0" step="1" aria-label="Step">
            <output></output></div>
            \(features.flatMap(charts).joined(separator: "\n"))
            """
    }

    /// At most this many columns are drawn in one chart.
    private static let columnsPerChart = 8

    private func charts(of feature: Feature) -> [String] {
        stride(from: 0, to: feature.columns.count, by: Self.columnsPerChart).map { first in
            let range = first ..< min(first + Self.columnsPerChart, feature.columns.count)
            let part =
                feature.columns.count > Self.columnsPerChart
                ? ", columns \(first) to \(range.upperBound - 1)" : ""
            return chart(feature.name + part, feature, range)
        }
    }

    private func chart(_ title: String, _ feature: Feature, _ columns: Range<Int>) -> String {
        let area = Plot.Area(left: 46, top: 26, right: 1028, bottom: 186)
        let values = columns.flatMap { feature.values[$0] }.filter(\.isFinite)
        let end = Double(max(steps - 1, 1)) / fps
        var plot = Plot(
            title,
            xLabel: "seconds",
            yLabel: "",
            area: area,
            x: Scale([0, end], from: area.left, to: area.right, isWidened: false, tickCount: 10),
            y: Scale(values, from: area.bottom, to: area.top)
        )
        for (series, column) in columns.enumerated() {
            let points = feature.values[column].enumerated().map {
                (x: Double($0.offset) / fps, y: $0.element)
            }
            for run in points.split(whereSeparator: { !$0.y.isFinite }) {
                plot.svg.polyline(
                    run.map { (x: plot.x($0.x), y: plot.y($0.y)) },
                    style: "line dense \(Legend.style(series))",
                    tooltip: feature.columns[column]
                )
            }
        }
        let names = columns.map { feature.columns[$0] }
        let numbers = columns.map { column in
            "[" + feature.values[column].map { $0.isFinite ? "\(Float($0))" : "null" }.joined(separator: ",")
                + "]"
        }
        let items = names.enumerated().map { index, name in
            """
            <li class="\(Legend.style(index))"><span>\(name.escaped)</span> <b></b></li>
            """
        }
        return """
            <figure class="step" data-left="\(area.left)" data-right="\(area.right)" data-top="\(area.top)" \
            data-bottom="\(area.bottom)" data-values="[\(numbers.joined(separator: ","))]">
            <figcaption>\(title.escaped)</figcaption><ul>\(items.joined())</ul>
            \(plot.svg.markup)</figure>
            """
    }

    private var statistics: String {
        features.map { feature in
            let rows = zip(feature.columns, feature.values).map { name, values in
                let sorted = values.filter(\.isFinite).sorted()
                let count = Double(sorted.count)
                let mean = sorted.reduce(0, +) / count
                let variance = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
                let ends = [mean, variance.squareRoot(), sorted.first ?? .nan, sorted.last ?? .nan]
                return [Table.Cell(text: name)] + ends.map { Table.Cell(text: $0.readable) }
                    + [Table.Cell(text: "\(values.count - sorted.count)")]
            }
            return Table(
                caption: feature.name,
                header: ["column", "mean", "deviation", "smallest", "largest", "not finite"],
                rows: rows
            ).markup
        }.joined(separator: "\n")
    }

    /// Keeps videos, slider, marks and numbers at one step.
    private static let script = """
        "use strict";
        const player = document.querySelector(".player"), slider = player.querySelector("input");
        const button = player.querySelector("button"), output = player.querySelector("output");
        const fps = Number(player.dataset.fps), steps = Number(player.dataset.steps);
        const videos = [...document.querySelectorAll("video")];
        const charts = [...document.querySelectorAll(".step")].map(figure => {
          const d = figure.dataset, svg = figure.querySelector("svg");
          const mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
          mark.setAttribute("class", "mark");
          mark.setAttribute("y1", d.top); mark.setAttribute("y2", d.bottom);
          svg.append(mark);
          svg.addEventListener("click", event => {
            const box = svg.getBoundingClientRect(), width = svg.viewBox.baseVal.width;
            const x = (event.clientX - box.left) / box.width * width;
            stop(); show(Math.round((x - d.left) / (d.right - d.left) * (steps - 1)), true);
          });
          return {mark, left: Number(d.left), right: Number(d.right), values: JSON.parse(d.values),
            texts: [...figure.querySelectorAll("li b")]};
        });
        let now = 0, started = null;
        function show(step, seeks) {
          now = Math.max(0, Math.min(steps - 1, step));
          slider.value = now;
          output.textContent = `step ${now} of ${steps}, ${(now / fps).toFixed(2)} s`;
          for (const c of charts) {
            const x = c.left + now / Math.max(steps - 1, 1) * (c.right - c.left);
            c.mark.setAttribute("x1", x); c.mark.setAttribute("x2", x);
            c.values.forEach((v, i) => { c.texts[i].textContent = v[now] == null ? "–" : v[now].toPrecision(4); });
          }
          if (seeks) for (const v of videos) v.currentTime = (now + 0.5) / fps;
        }
        function stop() { started = null; button.textContent = "Play"; for (const v of videos) v.pause(); }
        function tick(time) {
          if (started === null) return;
          const step = videos.length ? Math.floor(videos[0].currentTime * fps) : started.step + Math.floor((time - started.time) / 1000 * fps);
          show(step, false);
          if (step >= steps - 1 || videos.length && videos[0].ended) stop(); else requestAnimationFrame(tick);
        }
        button.addEventListener("click", () => {
          if (started !== null) return stop();
          if (now >= steps - 1) show(0, true);
          started = {step: now, time: performance.now()}; button.textContent = "Pause";
          for (const v of videos) v.play();
          requestAnimationFrame(tick);
        });
        slider.addEventListener("input", () => { stop(); show(Number(slider.value), true); });
        document.addEventListener("keydown", event => {
          if (event.target === slider) return;
          if (event.key === "ArrowRight") { stop(); show(now + 1, true); }
          if (event.key === "ArrowLeft") { stop(); show(now - 1, true); }
        });
        show(0, true);
        """
}
