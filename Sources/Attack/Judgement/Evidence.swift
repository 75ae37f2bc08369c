/// The totals of an event's orders in the ledger.
struct RowTotals: Codable, Hashable, Sendable {
    var orders: Int
    /// Units of the orders that hold units: confirmed, held or pending.
    var units: Int
}

/// An order in the ledger.
struct Row: Hashable, Sendable {
    var event: String
    var quantity: Int
    var state: String
}

/// The ledger before and after the attack.
struct RowEvidence: Sendable {
    var before: RowTotals
    var after: RowTotals
    /// The rows of the accepted tickets, by ticket; a ticket without a row is missing.
    var rows: [String: Row]
}

/// The input of a verdict.
struct Evidence: Sendable {
    var target: Target
    var record: Record
    var before: Account
    var after: Account
    var endings: [String: Ending]
    /// Nil if the ledger was not read.
    var rows: RowEvidence?
    /// Whether other clients, which are not in `record`, bought from the target at the same time.
    var isShared = false
}
