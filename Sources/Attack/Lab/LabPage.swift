import Foundation

/// The result of the lab as one HTML file without external resources.
struct LabPage {
    private static let template = HTMLTemplate(String(decoding: PackageResources.lab_html, as: UTF8.self))
    private static let row = HTMLTemplate("<tr{{class}}>{{cells}}</tr>")
    private static let item = HTMLTemplate("<li>{{text}}</li>")
    private static let summary = HTMLTemplate("<li><b>{{strategy}}</b>: {{summary}}</li>")
    private static let remarks = HTMLTemplate("<h2>Remarks</h2>\n<ul>\n{{items}}\n</ul>")
    private static let section = HTMLTemplate("<h2>{{clients}} clients</h2>\n{{charts}}")

    let result: LabResult
    let date: Date
    let machine: String

    init(_ result: LabResult, date: Date = Date()) {
        self.result = result
        self.date = date
        let info = ProcessInfo.processInfo
        machine = "\(info.activeProcessorCount) processors, \(info.operatingSystemVersionString)"
    }

    var html: String {
        Self.template.filled([
            "capacity": .text("\(result.capacity)"),
            "strategies": .text("\(Set(result.runs.map(\.strategy)).count)"),
            "verdict": .text(verdict),
            "seconds": .text(result.seconds),
            "date": .text(date.formatted(.iso8601)),
            "machine": .text(machine),
            "header": .html(
                LabResult.header.map { HTMLTemplate("<th>{{text}}</th>").filled(["text": .text($0)]) }.joined()),
            "rows": .html(rows),
            "remarks": .html(remarks),
            "charts": .html(clientCounts.map(charts).joined(separator: "\n")),
            "summaries": .html(summaries),
        ])
    }

    private var clientCounts: [Int] { Array(Set(result.runs.map(\.clients))).sorted() }

    private var verdict: String {
        switch result.judgement {
        case .holds: "The naive strategy oversold; every exact strategy sold \(result.capacity) of \(result.capacity)."
        case .broken: "An exact strategy broke an invariant; see the remarks."
        case .unjudged: "This run has no verdict; see the remarks."
        }
    }

    private var rows: String {
        zip(result.runs, result.cells).map { run, cells in
            Self.row.filled([
                "class": .html(run.oversold > 0 ? " class=\"bad\"" : ""),
                "cells": .html(
                    cells.map { HTMLTemplate("<td>{{text}}</td>").filled(["text": .text($0)]) }.joined()),
            ])
        }.joined(separator: "\n")
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
        let charts = [
            chart("Units sold beyond the capacity", { Double($0.oversold) }, { "\($0.oversold)" }),
            chart("Time until the last ticket was sold, ms", { ($0.soldInSeconds ?? 0) * 1000 }, \.soldInText),
            chart("Requests answered per second", \.requestsPerSecond, { Report.number($0.requestsPerSecond, 0) }),
            chart("p99 latency, ms", \.p99, { Report.number($0.p99, 1) }),
        ]
        return Self.section.filled([
            "clients": .text("\(clients)"), "charts": .html(charts.joined(separator: "\n")),
        ])
    }

    private var summaries: String {
        var seen: Set<String> = []
        return result.runs.filter { seen.insert($0.strategy).inserted }.map {
            Self.summary.filled(["strategy": .text($0.strategy), "summary": .text($0.summary)])
        }.joined(separator: "\n")
    }

    private var remarks: String {
        guard !result.remarks.isEmpty else { return "" }
        let items = result.remarks.map { Self.item.filled(["text": .text($0)]) }.joined(separator: "\n")
        return Self.remarks.filled(["items": .html(items)])
    }
}
