/// An event's orders in the ledger, summed up.
struct RowTotals: Hashable, Sendable {
    var orders: Int
    /// Units of orders that hold them: confirmed, held or pending.
    var units: Int
}

/// What the ledger says of an order.
struct Row: Hashable, Sendable {
    var event: String
    var quantity: Int
    var state: String
}

/// What the ledger says, before and after the attack.
struct RowEvidence: Sendable {
    var before: RowTotals
    var after: RowTotals
    /// Those of the accepted tickets that it has.
    var rows: [String: Row]
}

/// All that a verdict is given upon.
struct Evidence: Sendable {
    var target: Target
    var record: Record
    var before: Account
    var after: Account
    var endings: [String: Ending]
    /// Nil where the ledger was not looked into.
    var rows: RowEvidence?
}
