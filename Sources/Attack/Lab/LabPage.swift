import Foundation

/// The lab's result as one page that needs nothing else.
struct LabPage {
    private static let style = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --line: #d9dee6; --good: #2f6fb3; --bad: #c2372e;
          --paper: #fff }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #333c4a; --good: #6ea8e0;
          --bad: #ef7a70; --paper: #14181f } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
          margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
        p, li { max-width: 44rem } .soft { color: var(--soft) }
        .scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100% }
        th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
        th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
        tr.bad td { color: var(--bad) } figure { margin: 1.2rem 0 } figcaption { font-weight: 600; margin-bottom: .3rem }
        svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; fill: var(--ink) }
        rect.good { fill: var(--good) } rect.bad { fill: var(--bad) } .value { fill: var(--soft) }
        """

    let result: LabResult
    let date: Date
    let machine: String

    init(_ result: LabResult, date: Date = Date()) {
        self.result = result
        self.date = date
        let info = ProcessInfo.processInfo
        machine = "\(info.activeProcessorCount) processors, \(info.operatingSystemVersionString)"
    }

    private var crowds: [Int] { Array(Set(result.runs.map(\.clients))).sorted() }

    private var verdict: String {
        switch result.judgement {
        case .holds: "The naive strategy oversold; every exact strategy sold \(result.capacity) of \(result.capacity)."
        case .broken: "A strategy that is to be exact was not; see the remarks."
        case .unjudged: "It could not be shown this time; see the remarks."
        }
    }

    private var table: String {
        let head = LabResult.header.map { "<th>\(HTML.escape($0))</th>" }.joined()
        let rows = zip(result.runs, result.cells).map { run, cells in
            "<tr\(run.oversold > 0 ? " class=\"bad\"" : "")>"
                + cells.map { "<td>\(HTML.escape($0))</td>" }.joined() + "</tr>"
        }
        return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead>\n<tbody>\n"
            + rows.joined(separator: "\n") + "\n</tbody></table></div>"
    }

    private func charts(_ clients: Int) -> String {
        let runs = result.runs.filter { $0.clients == clients }
        func chart(_ title: String, _ value: (LabRun) -> Double, _ text: (LabRun) -> String) -> String {
            BarChart(
                title: title,
                bars: runs.map {
                    BarChart.Bar(label: $0.strategy, value: value($0), text: text($0), isBad: $0.oversold > 0)
                }
            ).svg
        }
        return """
            <h2>\(clients) clients</h2>
            \(chart("Tickets sold that never existed", { Double($0.oversold) }, { "\($0.oversold)" }))
            \(chart("Milliseconds until the last ticket was sold", { ($0.soldInSeconds ?? 0) * 1000 }, \.soldInText))
            \(chart("Requests answered a second", \.requestsPerSecond, { Report.number($0.requestsPerSecond, 0) }))
            \(chart("p99 of the latency, ms", \.p99, { Report.number($0.p99, 1) }))
            """
    }

    private var summaries: String {
        var seen: Set<String> = []
        let items = result.runs.filter { seen.insert($0.strategy).inserted }.map {
            "<li><b>\(HTML.escape($0.strategy))</b>: \(HTML.escape($0.summary))</li>"
        }
        return "<ul>\n\(items.joined(separator: "\n"))\n</ul>"
    }

    private var remarks: String {
        guard !result.remarks.isEmpty else { return "" }
        return "<h2>Remarks</h2>\n<ul>\n"
            + result.remarks.map { "<li>\(HTML.escape($0))</li>" }.joined(separator: "\n") + "\n</ul>"
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>TicketBlitz: the race</title>
        <style>
        \(Self.style)
        </style>
        <h1>\(result.capacity) tickets, sold in \(Set(result.runs.map(\.strategy)).count) ways</h1>
        <p>\(HTML.escape(verdict))</p>
        <p class="soft">\(HTML.escape(result.seconds)) of buying each time, as fast as the answers come. Most requests are told
        that it is sold out. \(HTML.escape(date.formatted(.iso8601))), \(HTML.escape(machine)); the clients ran on the same
        machine.</p>
        \(table)
        \(remarks)
        \(crowds.map(charts).joined(separator: "\n"))
        <h2>The strategies</h2>
        \(summaries)
        </html>

        """
    }
}
