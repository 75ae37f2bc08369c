/// A chart of horizontal bars as plain SVG, a bar for every value.
struct BarChart {
    struct Bar: Hashable {
        var label: String
        var value: Double
        /// What stands beside the bar.
        var text: String
        var isBad = false
    }

    private static let (width, labelWidth, valueWidth, rowHeight) = (760.0, 170.0, 110.0, 26.0)

    let title: String
    let bars: [Bar]

    var svg: String {
        let height = Double(bars.count) * Self.rowHeight + 8
        let longest = max(bars.map(\.value).max() ?? 0, 1e-9)
        let room = Self.width - Self.labelWidth - Self.valueWidth
        var rows = ""
        for (place, bar) in bars.enumerated() {
            let y = Double(place) * Self.rowHeight + 4
            let length = max(bar.value / longest * room, bar.value > 0 ? 1 : 0)
            let number = { (value: Double) in Report.number(value, 1) }
            rows += """
                <text x="\(number(Self.labelWidth - 8))" y="\(number(y + 16))" text-anchor="end">\(HTML.escape(bar.label))</text>
                <rect class="\(bar.isBad ? "bad" : "good")" x="\(number(Self.labelWidth))" y="\(number(y + 3))" \
                width="\(number(length))" height="18" rx="2"/>
                <text class="value" x="\(number(Self.labelWidth + length + 6))" y="\(number(y + 16))">\(HTML.escape(bar.text))</text>

                """
        }
        return """
            <figure><figcaption>\(HTML.escape(title))</figcaption>
            <svg viewBox="0 0 \(Report.number(Self.width, 0)) \(Report.number(height, 0))" role="img" \
            aria-label="\(HTML.escape(title))">
            \(rows)</svg></figure>
            """
    }
}

enum HTML {
    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
