/// What Redis has to know of an order after it was emptied.
package struct BackfillRow: Hashable, Sendable {
    package var customer: String?
    /// Units that count for the customer; 0 if the order has given them back.
    package var units: Int
    /// The order, if it needs a record: it is held, or its idempotency key is still good, or the ledger does not have it.
    package var record: Order?

    package init(customer: String?, units: Int, record: Order? = nil) {
        self.customer = customer
        self.units = units
        self.record = record
    }
}
