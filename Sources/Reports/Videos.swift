import Foundation

/// Filmed episodes side by side, each inside the page.
struct Videos {
    let rollouts: [RunReport.Rollout]

    /// The films as a grid.
    var markup: String {
        let figures = rollouts.map { rollout in
            """
            <figure class="film">\(film(rollout))
            <figcaption><span>\(rollout.task.escaped.breakable) <small>seed \(rollout.seed)</small></span>
            <span class="\(rollout.success ? "solved" : "failed")">\(rollout.success ? "✓ solved" : "✗ failed")</span>
            </figcaption></figure>
            """
        }
        return "<div class=\"films\">\n\(figures.joined(separator: "\n"))\n</div>"
    }

    private func film(_ rollout: RunReport.Rollout) -> String {
        guard !rollout.mp4.isEmpty else { return Page.nothing }
        return """
            <video controls muted loop playsinline preload="metadata" \
            aria-label="\(rollout.task.escaped), seed \(rollout.seed)" \
            src="data:video/mp4;base64,\(rollout.mp4.base64EncodedString())"></video>
            """
    }
}
