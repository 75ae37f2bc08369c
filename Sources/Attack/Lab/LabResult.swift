/// The results of all strategies with all numbers of clients.
struct LabResult: Sendable {
    let capacity: Int
    let seconds: String
    var runs: [LabRun] = []

    /// The lines below the table: broken invariants, and naive runs that did not oversell at the first attempt.
    var remarks: [String] {
        var remarks: [String] = []
        for run in runs {
            let name = "\(run.strategy) with \(run.clients) clients"
            if run.strategy == "naive", run.oversold == 0 {
                remarks.append("\(name) did not oversell in \(run.attempts) attempts")
            } else if run.attempts > 1 {
                remarks.append("\(name) oversold at attempt \(run.attempts)")
            }
            guard run.isExact else { continue }
            if run.sold != capacity { remarks.append("\(name) sold \(run.sold) of \(capacity)") }
            remarks += (run.broken + run.unjudged).map { "\(name): \($0)" }
        }
        return remarks
    }

    /// Broken if an exact strategy broke an invariant. No verdict if an exact strategy sold too few or has none itself,
    /// or if the naive strategy did not oversell.
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
                // The first and the last column are text, the others numbers.
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
