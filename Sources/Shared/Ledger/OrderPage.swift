package import Domain

/// Orders in the order of their ids, and where the next page begins. A value without I/O.
package struct OrderPage: Hashable, Sendable {
    /// A row as the statements return it.
    struct Row: Hashable, Sendable {
        var order: LedgerOrder
        /// Whether it is the last of the rows that the statement may read.
        var isLastRead: Bool
        /// Whether the filter includes it. Only the last row read is returned if not.
        var matches: Bool
    }

    package private(set) var orders: [LedgerOrder] = []
    /// The id after which the next page begins; nil if nothing follows.
    package private(set) var next: OrderID?

    package init() {}

    /// Appends what a statement has returned.
    ///
    /// - Parameter limit: the orders of a page. The statement was asked for one row more than the page lacks.
    mutating func append(_ rows: [Row], limit: Int) {
        let missing = limit - orders.count
        let page = rows.prefix(missing)
        orders += page.lazy.filter(\.matches).map(\.order)
        next = rows.count > missing || page.last?.isLastRead == true ? page.last?.order.id : nil
    }
}
