/// A chart of horizontal bars as SVG.
struct BarChart {
    struct Bar: Hashable {
        var label: String
        var value: Double
        /// The text beside the bar.
        var text: String
        var isBad = false
    }

    private static let (width, labelWidth, valueWidth, rowHeight) = (760.0, 170.0, 110.0, 26.0)

    private static let figure = HTMLTemplate(
        """
        <figure><figcaption>{{title}}</figcaption>
        <svg viewBox="0 0 {{width}} {{height}}" role="img" aria-label="{{title}}">
        {{bars}}
        </svg></figure>
        """)

    private static let bar = HTMLTemplate(
        """
        <text x="{{labelend}}" y="{{baseline}}" text-anchor="end">{{label}}</text>
        <rect class="{{class}}" x="{{start}}" y="{{top}}" width="{{length}}" height="18" rx="2"/>
        <text class="value" x="{{valuestart}}" y="{{baseline}}">{{value}}</text>
        """)

    let title: String
    let bars: [Bar]

    var svg: String {
        let height = Double(bars.count) * Self.rowHeight + 8
        let longest = max(bars.map(\.value).max() ?? 0, 1e-9)
        return Self.figure.filled([
            "title": .text(title),
            "width": .text(Report.number(Self.width, 0)),
            "height": .text(Report.number(height, 0)),
            "bars": .html(
                bars.enumerated().map { svg($1, index: $0, longest: longest) }.joined(separator: "\n")),
        ])
    }

    private func svg(_ bar: Bar, index: Int, longest: Double) -> String {
        let top = Double(index) * Self.rowHeight + 4
        let room = Self.width - Self.labelWidth - Self.valueWidth
        // A value above 0 has at least one pixel.
        let length = max(bar.value / longest * room, bar.value > 0 ? 1 : 0)
        func number(_ value: Double) -> HTMLTemplate.Value { .text(Report.number(value, 1)) }
        return Self.bar.filled([
            "label": .text(bar.label),
            "labelend": number(Self.labelWidth - 8),
            "baseline": number(top + 16),
            "class": .text(bar.isBad ? "bad" : "good"),
            "start": number(Self.labelWidth),
            "top": number(top + 3),
            "length": number(length),
            "value": .text(bar.text),
            "valuestart": number(Self.labelWidth + length + 6),
        ])
    }
}
