extension Verdict {
    /// The verdict for a terminal.
    ///
    /// - Parameter tickets: the number of tickets that were followed.
    func text(tickets: Int, isLookedUpInLedger: Bool) -> String {
        let compared = isLookedUpInLedger ? ", ledger rows compared" : ""
        switch judgement {
        case .holds:
            return (["verdict: every invariant holds (\(tickets) tickets followed\(compared))"] + remainder)
                .joined(separator: "\n")
        case .broken:
            return (["verdict: BROKEN"] + (broken + unjudged).map { "  - \($0)" } + remainder).joined(separator: "\n")
        case .unjudged:
            return (["verdict: could not be judged"] + unjudged.map { "  - \($0)" } + remainder)
                .joined(separator: "\n")
        }
    }

    private var remainder: [String] {
        notJudged.map { "not judged: \($0); `Attack judge` compares the reports of all clients" }
    }
}
