import Domain

/// The changes in Redis that follow from the settlements of a batch. No I/O.
///
/// An order that the ledger has confirmed as it was claimed is confirmed by the range of its sequence number. The record
/// of any other order is changed.
struct BatchSettlement: Hashable, Sendable {
    /// An event of the batch, its units that moved from pending to sold, and the units whose return the ledger has now.
    struct EventMove: Hashable, Sendable {
        var event: EventID
        var generation: Int
        var sold = 0
        var returned = 0
    }

    struct RecordChange: Hashable, Sendable {
        var id: OrderID
        /// The version that the ledger has; 0 if the record is to be deleted.
        var version: Int
        /// The record that replaces a pending one; empty if none does.
        var confirmed = ""
    }

    struct Rejection: Hashable, Sendable {
        /// Index among the records.
        var record: Int
        /// Index among the events.
        var event: Int
        var generation: Int
        var reason: String
    }

    private(set) var moves: [EventMove] = []
    private(set) var ranges: [ConfirmedRange] = []
    /// The orders that the ranges confirm.
    private var confirmed: [OrderID] = []
    private(set) var records: [RecordChange] = []
    private(set) var rejections: [Rejection] = []
    private(set) var deadLetters: [DeadLetter]
    /// The number of entries that release units. None of them is in flight any more, whether it was settled or
    /// dead-lettered.
    let released: Int
    private var indices: [OrderID: Int] = [:]

    /// - Parameter settlements: one for each of the batch's orders, in their order.
    init(_ batch: Batch, _ settlements: [Settlement]) {
        precondition(batch.orders.count == settlements.count)
        deadLetters = batch.unreadable
        released = batch.orders.count(where: \.releasesUnits)
        for (order, settlement) in zip(batch.orders, settlements) { add(order, settlement) }
    }

    private mutating func add(_ order: Order, _ settlement: Settlement) {
        if order.releasesUnits {
            // A return that is dead-lettered stays counted, because the ledger lacks it.
            if case .unsettleable = settlement {} else { moves[index(ofEventOf: order)].returned += order.quantity }
        }
        switch settlement {
        case .recorded(let version, let confirmedAt):
            var change = RecordChange(id: order.id, version: version)
            if order.state == .pending {
                if let number = order.sequence, let confirmedAt, version == order.version {
                    moves[index(ofEventOf: order)].sold += order.quantity
                    return confirm(order, number, at: confirmedAt)
                }
                moves[index(ofEventOf: order)].sold += order.quantity
                change.confirmed = Self.confirmed(order, at: confirmedAt)
            }
            note(change)
        case .rejected(let reason):
            let rejection = Rejection(
                record: note(RecordChange(id: order.id, version: order.version)), event: index(ofEventOf: order),
                generation: order.generation, reason: OrderCodec.plain(reason))
            if !rejections.contains(where: { $0.record == rejection.record }) { rejections.append(rejection) }
        case .forgotten:
            note(RecordChange(id: order.id, version: 0))
        case .unsettleable(let reason):
            // The units stay counted: they were claimed, and the ledger has not settled them.
            deadLetters.append(DeadLetter(reason: reason, entry: Array(OrderCodec.encode(order).utf8)))
        }
    }

    private mutating func confirm(_ order: Order, _ number: Int, at time: Timestamp) {
        confirmed.append(order.id)
        if ranges.isEmpty || !ranges[ranges.count - 1].extend(to: number, confirmedAt: time) {
            ranges.append(ConfirmedRange(number, confirmedAt: time))
        }
    }

    private static func confirmed(_ order: Order, at time: Timestamp?) -> String {
        var order = order
        order.state = .confirmed
        order.ledgerVersion = order.version
        order.confirmedAt = time
        order.sequence = nil
        return OrderCodec.encode(order)
    }

    /// Of several snapshots of an order in a batch, the highest version counts.
    @discardableResult
    private mutating func note(_ change: RecordChange) -> Int {
        if let index = indices[change.id] {
            records[index].version = max(records[index].version, change.version)
            if !change.confirmed.isEmpty { records[index].confirmed = change.confirmed }
            return index
        }
        indices[change.id] = records.count
        records.append(change)
        return records.count - 1
    }

    private mutating func index(ofEventOf order: Order) -> Int {
        if let index = moves.firstIndex(where: { $0.event == order.event && $0.generation == order.generation }) {
            return index
        }
        moves.append(EventMove(event: order.event, generation: order.generation))
        return moves.count - 1
    }

    /// The ids of the orders that the ledger has, separated by commas. Bytes: a text for each id would be the greater part
    /// of an acknowledgement's cost.
    func settledIDs(withKey: Bool) -> [UInt8] {
        var text: [UInt8] = []
        func add(_ id: OrderID) {
            guard id.isMadeFromKey == withKey else { return }
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            id.append(to: &text)
        }
        for id in confirmed { add(id) }
        for record in records where record.version > 0 { add(record.id) }
        return text
    }
}
