/// What one of several simultaneous attacks knows of its purchases. The reports of all are judged together.
struct SharedPurchases: Codable, Hashable, Sendable {
    var event: String
    var tickets: [Record.Ticket]
    var accepted, accepted_units: Int
    /// Requests with an unknown outcome, by code, and their units.
    var unknown: [String: Int]
    var unknown_units: Int
    var given_twice, keys_broken: [String]
    /// Units that were taken before the attack.
    var taken_before: Int
    /// The ledger's totals before the attack; nil if it was not read.
    var ledger_before: RowTotals?

    init(event: String, record: Record, before: Account, rowsBefore: RowTotals?) {
        self.event = event
        tickets = record.tickets
        (accepted, accepted_units) = (record.accepted, record.acceptedUnits)
        (unknown, unknown_units) = (record.unknown, record.unknownUnits)
        (given_twice, keys_broken) = (record.givenTwice, record.keysBroken)
        taken_before = before.taken
        ledger_before = rowsBefore
    }
}

/// The purchases of several simultaneous attacks as those of one.
struct CombinedPurchases: Sendable {
    let event: String
    let record: Record
    /// The units that were taken before the first attack. Each attack only adds units to those, so they are the fewest
    /// that any attack found.
    let takenBefore: Int
    /// Nil if one of the attacks did not read the ledger.
    let rowsBefore: RowTotals?

    /// - Throws: ``CombinationError`` if there are none, or not all are of one event.
    init(_ all: [SharedPurchases]) throws(CombinationError) {
        guard let first = all.first else { throw .noReports }
        var record = Record()
        var owners: Set<String> = []
        for purchases in all {
            guard purchases.event == first.event else { throw .severalEvents(first.event, purchases.event) }
            for ticket in purchases.tickets {
                if owners.insert(ticket.id).inserted {
                    record.tickets.append(ticket)
                } else {
                    record.givenTwice.append(ticket.id)
                }
            }
            record.accepted += purchases.accepted
            record.acceptedUnits += purchases.accepted_units
            record.unknown.merge(purchases.unknown, uniquingKeysWith: +)
            record.unknownUnits += purchases.unknown_units
            record.givenTwice += purchases.given_twice
            record.keysBroken += purchases.keys_broken
        }
        event = first.event
        self.record = record
        takenBefore = all.map(\.taken_before).min() ?? 0
        let totals = all.compactMap(\.ledger_before)
        rowsBefore = totals.count == all.count ? totals.min { $0.orders < $1.orders } : nil
    }
}

enum CombinationError: Error, Hashable, CustomStringConvertible {
    case noReports
    case severalEvents(String, String)

    var description: String {
        switch self {
        case .noReports: "there is no report to judge"
        case .severalEvents(let one, let other): "the reports are of several events: '\(one)' and '\(other)'"
        }
    }
}
