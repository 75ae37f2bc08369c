import Domain

/// New orders of one generation of one event that are sold at once, without a hold: nearly all orders of a sale. The
/// statement that writes them receives only what can differ between them.
struct NewOrders: Sendable {
    let event: EventID
    let generation: Int
    /// Not empty. An order can occur twice.
    let orders: [Order]
    let units: Int
    private let haveQuantities: Bool
    private let haveCustomers: Bool

    /// Nil if each order has one unit.
    var quantities: [Int32]? { haveQuantities ? orders.map { Int32(clamping: $0.quantity) } : nil }
    /// Nil if no order has a customer.
    var customers: [String?]? { haveCustomers ? orders.map(\.customer) : nil }

    /// Times before 2106. Up to there, the ledger stores the same microsecond if a time is sent in binary format and if
    /// it is calculated from milliseconds in floating point.
    private static let times = Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 4_294_967_296_000)

    /// - Parameter orders: new orders with the same event and generation.
    private init?(_ orders: [Order]) {
        guard let first = orders.first else { return nil }
        (event, generation) = (first.event, first.generation)
        self.orders = orders
        units = orders.reduce(0) { $0 + $1.quantity }
        haveQuantities = orders.contains { $0.quantity != 1 }
        haveCustomers = orders.contains { $0.customer != nil }
    }

    private static func isNew(_ order: Order) -> Bool {
        order.state == .pending && order.version == 1 && order.expiresAt == nil && times.contains(order.claimedAt)
            && Int32(exactly: order.quantity) != nil
    }
}

extension NewOrders {
    /// How many more new orders than other snapshots a batch must have to be split: a transaction of its own costs as
    /// much as some orders.
    private static let surplus = 32

    /// The new orders of a batch that have the event and the generation of the first of them, and the positions of the
    /// other snapshots.
    ///
    /// The orders are written before the others. This is safe: an order that needs the units that another snapshot
    /// releases cannot be written, and then nothing is.
    ///
    /// - Returns: nil if the batch is to be written as a whole: there are too few such orders, or another snapshot is
    ///   one of these orders.
    static func split(_ snapshots: [Order]) -> (orders: NewOrders, others: [Int])? {
        guard let first = snapshots.first(where: isNew) else { return nil }
        let others = snapshots.indices.filter { index in
            let order = snapshots[index]
            return !isNew(order) || order.event != first.event || order.generation != first.generation
        }
        guard !others.isEmpty else { return NewOrders(snapshots).map { ($0, []) } }
        guard snapshots.count - others.count >= others.count + surplus else { return nil }
        let positions = Set(others)
        let orders = snapshots.indices.filter { !positions.contains($0) }.map { snapshots[$0] }
        let ids = Set(others.map { snapshots[$0].id })
        guard !orders.contains(where: { ids.contains($0.id) }) else { return nil }
        return NewOrders(orders).map { ($0, others) }
    }
}
