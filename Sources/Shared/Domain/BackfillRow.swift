/// The part of an order that Redis needs again after it lost its data.
package struct BackfillRow: Hashable, Sendable {
    package var customer: String?
    /// Units that count toward the customer's limit; 0 if the order has released them.
    package var units: Int
    /// The order, if it needs a record: it is held, its idempotency key is still valid, or the ledger does not have it.
    package var record: Order?

    package init(customer: String?, units: Int, record: Order? = nil) {
        self.customer = customer
        self.units = units
        self.record = record
    }
}
