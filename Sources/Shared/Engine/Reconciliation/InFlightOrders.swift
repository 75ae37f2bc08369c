import Domain

/// The orders of an event with snapshots in flight, each with its latest snapshot. No I/O.
///
/// It keeps 32 bytes of an order, because there can be a million.
struct InFlightOrders: Sendable {
    /// What the comparison with the ledger needs of a snapshot.
    struct Snapshot: Sendable {
        var version: Int32
        var quantity: Int32
        /// Index among the customers that are compared; -1 for any other.
        var customer: Int32
        var state: OrderState
    }

    private let event: EventID
    private let generation: Int
    /// The customers that are compared.
    let customers: [String]
    private let indices: [String: Int32]
    private(set) var orders: [OrderID: Snapshot] = [:]
    /// The number of entries that cannot be read, of any event.
    var unreadable = 0

    var count: Int { orders.count }
    var isEmpty: Bool { orders.isEmpty }

    init(of event: EventID, generation: Int, customers: [String]) {
        self.event = event
        self.generation = generation
        self.customers = customers
        indices = Dictionary(customers.enumerated().map { ($0.element, Int32($0.offset)) }) { first, _ in first }
    }

    func contains(_ id: OrderID) -> Bool { orders[id] != nil }

    /// Adds snapshots, in any order; the same one can be added repeatedly.
    mutating func add(_ snapshots: [Order]) {
        for order in snapshots where order.event == event && order.generation == generation {
            let version = Int32(clamping: order.version)
            if let present = orders[order.id], present.version >= version { continue }
            orders[order.id] = Snapshot(
                version: version, quantity: Int32(clamping: order.quantity),
                customer: order.customer.flatMap { indices[$0] } ?? -1, state: order.state)
        }
    }

    /// The ids of the orders, in parts for queries.
    func ids(inPartsOf size: Int) -> some Sequence<[OrderID]> {
        let keys = orders.keys
        return sequence(state: keys.makeIterator()) { keys -> [OrderID]? in
            var part: [OrderID] = []
            while part.count < size, let id = keys.next() { part.append(id) }
            return part.isEmpty ? nil : part
        }
    }
}
