import Foundation

/// One strategy under one crowd.
struct LabRun: Hashable, Sendable {
    var strategy: String
    var summary: String
    var isExact: Bool
    var clients: Int
    var sold: Int
    var oversold: Int
    var requestsPerSecond: Double
    var soldInSeconds: Double?
    var p99: Double
    var errors: [String: Int]
    var broken: [String]
    var unjudged: [String]
    var attempts = 1

    init(_ strategy: LabStrategies.Strategy, clients: Int, _ report: Report) {
        self.strategy = strategy.name
        summary = strategy.summary
        isExact = strategy.isExact
        self.clients = clients
        sold = report.after.taken
        oversold = report.after.oversold
        requestsPerSecond = report.requestsPerSecond
        soldInSeconds = report.soldInSeconds
        p99 = report.latency.p99_ms
        errors = report.record.errors
        broken = report.verdict.broken
        unjudged = report.verdict.unjudged
    }

    var errorText: String {
        errors.isEmpty ? "-" : errors.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    /// How long until the last unit was sold.
    var soldInText: String { soldInSeconds.map { Report.number($0 * 1000, 0) } ?? "-" }
}

/// All strategies under all crowds.
struct LabResult: Sendable {
    let capacity: Int
    let seconds: String
    var runs: [LabRun] = []

    /// What is to be said beneath the table: who broke what, and where the failure did not show.
    var remarks: [String] {
        var remarks: [String] = []
        for run in runs {
            let where_ = "\(run.strategy) with \(run.clients) clients"
            if run.strategy == "naive", run.oversold == 0 {
                remarks.append("\(where_) happened not to oversell in \(run.attempts) attempts")
            } else if run.attempts > 1 {
                remarks.append("\(where_) oversold at attempt \(run.attempts)")
            }
            guard run.isExact else { continue }
            if run.sold != capacity { remarks.append("\(where_) sold \(run.sold) of \(capacity)") }
            remarks += (run.broken + run.unjudged).map { "\(where_): \($0)" }
        }
        return remarks
    }

    /// An exact strategy that sold too few or was not judged is no proof of anything; one that broke is.
    var judgement: Judgement {
        let exact = runs.filter(\.isExact)
        if exact.contains(where: { !$0.broken.isEmpty }) { return .broken }
        let naive = runs.filter { $0.strategy == "naive" }
        let isShown = !naive.isEmpty && naive.allSatisfy { $0.oversold > 0 }
        return isShown && exact.allSatisfy { $0.sold == capacity && $0.unjudged.isEmpty } ? .holds : .unjudged
    }

    static let header = [
        "strategy", "clients", "sold", "oversold", "last sold, ms", "requests/s", "p99, ms", "errors",
    ]

    var cells: [[String]] {
        runs.map { run in
            [
                run.strategy, "\(run.clients)", "\(run.sold) of \(capacity)", "\(run.oversold)", run.soldInText,
                Report.number(run.requestsPerSecond, 0), Report.number(run.p99, 1), run.errorText,
            ]
        }
    }

    var table: String {
        let rows = [Self.header] + cells
        let widths = Self.header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                // Words to the left, numbers to the right.
                return column == 0 || column == row.count - 1 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "  ").trimmingSuffix(" ")
        }
        return (lines + remarks).joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
