/// Whether the invariants of the sale hold. No I/O.
struct Verdict: Hashable, Sendable {
    /// The invariants that are broken, one line each.
    private(set) var broken: [String] = []
    /// What could not be verified, one line each.
    private(set) var unjudged: [String] = []
    /// What this evidence cannot show because other clients bought at the same time, one line each.
    private(set) var notJudged: [String] = []

    var judgement: Judgement { broken.isEmpty ? (unjudged.isEmpty ? .holds : .unjudged) : .broken }

    init(_ evidence: Evidence) {
        judgeStock(evidence)
        judgeTickets(evidence)
        judgeUnits(evidence)
        if let rows = evidence.rows { judge(rows, evidence) }
        if evidence.isShared {
            notJudged.append("whether more units were taken than all clients bought")
        }
    }

    /// Adds what the judgement of a crowd has found.
    mutating func add(_ findings: Findings) {
        broken += findings.broken
        unjudged += findings.unjudged
    }

    /// No more units are taken than exist, and at rest every unit is counted exactly once.
    private mutating func judgeStock(_ evidence: Evidence) {
        let after = evidence.after
        if after.oversold > 0 {
            broken.append("oversold: \(after.taken) of \(after.capacity) units are sold")
        }
        if after.available < 0 { broken.append("the stock is below zero: \(after.available)") }
        let sum = after.available + after.taken
        if sum != after.capacity {
            broken.append(
                "the units do not add up: \(after.available) available + \(after.taken) taken = \(sum), "
                    + "but the capacity is \(after.capacity)")
        }
        // Pending units of other clients are not the concern of this run; its own tickets are followed one by one.
        if after.pending > 0, !evidence.isShared {
            unjudged.append("\(after.pending) units were still pending at the deadline")
        }
    }

    /// Every acknowledged ticket is an order with the purchased quantity, and no two purchases share a ticket.
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
        add("acknowledged and lost; the target has no such order", missing)
        add("acknowledged and then rejected", rejected)
        add("with another quantity than the purchase", changed)
        add("returned for two purchases", record.givenTwice)
        add("from one Idempotency-Key with two outcomes", record.keysBroken)
        if !inFlight.isEmpty { unjudged.append(Self.line("still in flight at the deadline", inFlight)) }
    }

    /// The units taken are the acknowledged ones, plus at most those of requests with an unknown outcome. A refusal
    /// takes nothing. If other clients bought too, at least the acknowledged ones are taken.
    private mutating func judgeUnits(_ evidence: Evidence) {
        let record = evidence.record
        var gone = 0
        var mayBeGone = 0
        for ticket in record.tickets {
            switch evidence.endings[ticket.id] {
            case .order("confirmed", _): break
            case .order("held", _): mayBeGone += ticket.quantity
            case .order: gone += ticket.quantity
            case .missing: gone += ticket.quantity  // Reported by judgeTickets.
            case .inFlight, nil: mayBeGone += ticket.quantity
            }
        }
        let taken = evidence.after.taken - (evidence.isShared ? 0 : evidence.before.taken)
        let expected = record.acceptedUnits - gone
        if taken < expected - mayBeGone {
            broken.append("\(expected) acknowledged units should be taken, but only \(taken) are")
        } else if taken > expected + record.unknownUnits, !evidence.isShared {
            broken.append(
                "\(taken) units are taken, but only \(expected) were acknowledged"
                    + (record.unknownUnits > 0 ? " and \(record.unknownUnits) more have an unknown outcome" : "")
                    + " (if other clients bought at the same time, use --shared)")
        }
    }

    /// The same for the rows of the ledger: each ticket has one row, and every other row belongs to a request with an
    /// unknown outcome.
    private mutating func judge(_ rows: RowEvidence, _ evidence: Evidence) {
        let record = evidence.record
        var missing: [String] = []
        var different: [String] = []
        for ticket in record.tickets {
            // Otherwise judgeTickets reports the ticket.
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
        add("different in the ledger and in the API", different)
        if rows.after.units > evidence.after.capacity {
            broken.append("oversold in the ledger: \(rows.after.units) of \(evidence.after.capacity) units")
        }
        let new = rows.after.orders - rows.before.orders
        let unknown = record.unknown.values.reduce(0, +)
        if new > record.tickets.count + unknown, !evidence.isShared {
            broken.append(
                "the ledger has \(new) new orders, but \(record.tickets.count) were acknowledged and \(unknown) have "
                    + "an unknown outcome"
            )
        }
    }

    /// A hold can end between the request to the API and the query of the ledger.
    private static func agree(_ row: String, _ observed: String) -> Bool { row == observed || observed == "held" }

    private mutating func add(_ what: String, _ tickets: [String]) {
        if !tickets.isEmpty { broken.append(Self.line(what, tickets)) }
    }

    private static func line(_ what: String, _ tickets: [String]) -> String {
        let more = tickets.count > 3 ? ", …" : ""
        return "\(tickets.count) \(tickets.count == 1 ? "ticket" : "tickets") \(what): "
            + tickets.prefix(3).joined(separator: ", ") + more
    }
}
