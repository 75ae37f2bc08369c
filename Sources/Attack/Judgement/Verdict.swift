/// Whether the sale kept its promises. No I/O.
struct Verdict: Hashable, Sendable {
    /// What was broken, a line each.
    private(set) var broken: [String] = []
    /// What could not be judged, a line each.
    private(set) var unjudged: [String] = []

    var judgement: Judgement { broken.isEmpty ? (unjudged.isEmpty ? .holds : .unjudged) : .broken }

    init(_ evidence: Evidence) {
        judgeStock(evidence)
        judgeTickets(evidence)
        judgeUnits(evidence)
        if let rows = evidence.rows { judge(rows, evidence) }
    }

    /// Never more than there is, and at rest every unit in one place.
    private mutating func judgeStock(_ evidence: Evidence) {
        let after = evidence.after
        if after.oversold > 0 {
            broken.append("oversold: \(after.taken) units are sold of \(after.capacity)")
        }
        if after.available < 0 { broken.append("the stock is below zero: \(after.available)") }
        let sum = after.available + after.taken
        if sum != after.capacity {
            broken.append(
                "units are missing or invented: \(after.available) available and \(after.taken) taken make \(sum), "
                    + "of a capacity of \(after.capacity)")
        }
        if after.pending > 0 {
            unjudged.append("\(after.pending) units were still on their way to the ledger when the time was over")
        }
    }

    /// Every acknowledged ticket is an order of the size that was asked for; no two purchases have one ticket.
    private mutating func judgeTickets(_ evidence: Evidence) {
        let record = evidence.record
        var missing: [String] = []
        var rejected: [String] = []
        var changed: [String] = []
        var inFlight: [String] = []
        for ticket in record.tickets {
            switch evidence.endings[ticket.id] {
            case .order("rejected", _): rejected.append(ticket.id)
            case .order(_, let quantity): if quantity != ticket.quantity { changed.append(ticket.id) }
            case .missing: missing.append(ticket.id)
            case .inFlight, nil: inFlight.append(ticket.id)
            }
        }
        add("acknowledged and lost: the target knows no such order", missing)
        add("acknowledged and then rejected", rejected)
        add("of another quantity than was bought", changed)
        add("given to two purchases", record.givenTwice)
        add("one Idempotency-Key led to two outcomes", record.keysBroken)
        if !inFlight.isEmpty { unjudged.append(Self.line("still on their way when the time was over", inFlight)) }
    }

    /// What is taken is what was acknowledged, and at most what nobody could be told of: a refusal takes nothing.
    private mutating func judgeUnits(_ evidence: Evidence) {
        let record = evidence.record
        var gone = 0
        var mayBeGone = 0
        for ticket in record.tickets {
            switch evidence.endings[ticket.id] {
            case .order("confirmed", _): break
            case .order("held", _): mayBeGone += ticket.quantity
            case .order: gone += ticket.quantity
            case .missing: gone += ticket.quantity  // Told above.
            case .inFlight, nil: mayBeGone += ticket.quantity
            }
        }
        let taken = evidence.after.taken - evidence.before.taken
        let expected = record.acceptedUnits - gone
        if taken < expected - mayBeGone {
            broken.append("\(expected) acknowledged units should be taken, but only \(taken) are")
        } else if taken > expected + record.unknownUnits {
            broken.append(
                "\(taken) units are taken, but only \(expected) were acknowledged"
                    + (record.unknownUnits > 0 ? " and \(record.unknownUnits) may have been without an answer" : ""))
        }
    }

    /// The same by the ledger's rows: each ticket one row, and no row that nobody was told of.
    private mutating func judge(_ rows: RowEvidence, _ evidence: Evidence) {
        let record = evidence.record
        var missing: [String] = []
        var different: [String] = []
        for ticket in record.tickets {
            // Told already, or not known yet.
            guard case .order(let state, _) = evidence.endings[ticket.id] else { continue }
            guard let row = rows.rows[ticket.id] else {
                missing.append(ticket.id)
                continue
            }
            if row.quantity != ticket.quantity || row.event != evidence.target.event || !Self.agree(row.state, state) {
                different.append(ticket.id)
            }
        }
        add("acknowledged, but without a row in the ledger", missing)
        add("other in the ledger than the API says", different)
        if rows.after.units > evidence.after.capacity {
            broken.append("oversold in the ledger: \(rows.after.units) units of \(evidence.after.capacity)")
        }
        let new = rows.after.orders - rows.before.orders
        let unknown = record.unknown.values.reduce(0, +)
        if new > record.tickets.count + unknown {
            broken.append(
                "the ledger has \(new) new orders, but \(record.tickets.count) were acknowledged and \(unknown) unknown"
            )
        }
    }

    /// A hold may have ended between the two looks.
    private static func agree(_ row: String, _ told: String) -> Bool { row == told || told == "held" }

    private mutating func add(_ what: String, _ tickets: [String]) {
        if !tickets.isEmpty { broken.append(Self.line(what, tickets)) }
    }

    private static func line(_ what: String, _ tickets: [String]) -> String {
        let more = tickets.count > 3 ? ", …" : ""
        return "\(tickets.count) \(tickets.count == 1 ? "ticket" : "tickets") \(what): "
            + tickets.prefix(3).joined(separator: ", ") + more
    }
}
