import Domain
import RedisClient
import RedisSchema

/// What the end of a batch changes in Redis. No I/O.
struct Acknowledgement: Hashable {
    /// What an event of the batch is called in the script's arguments, and what its pending orders came to.
    struct EventMove: Hashable {
        var event: EventID
        var generation: Int
        /// Units that went from pending to sold.
        var sold = 0
    }

    struct RecordChange: Hashable {
        var id: OrderID
        /// The version that the ledger has; 0 where the order is to be forgotten.
        var version: Int
        /// The record as it is to be where the order is pending.
        var text = ""
    }

    struct Rejection: Hashable {
        /// Places among the records and the events.
        var record: Int
        var event: Int
        var generation: Int
        var reason: String
    }

    private(set) var moves: [EventMove] = []
    private(set) var records: [RecordChange] = []
    private(set) var rejections: [Rejection] = []
    private(set) var deadLetters: [DeadLetter]
    /// Entries that gave units back; they are no longer on their way, whatever became of them.
    private let returns: Int
    private var places: [OrderID: Int] = [:]

    /// `settlements` are those of the batch's orders, in their order.
    init(_ batch: Batch, _ settlements: [Settlement]) {
        precondition(batch.orders.count == settlements.count)
        deadLetters = batch.unreadable
        returns = batch.orders.count(where: \.releasesUnits)
        for (order, settlement) in zip(batch.orders, settlements) {
            switch settlement {
            case .recorded(let version, let confirmedAt):
                var change = RecordChange(id: order.id, version: version)
                if order.state == .pending {
                    moves[place(of: order)].sold += order.quantity
                    change.text = Self.confirmed(order, at: confirmedAt)
                }
                note(change)
            case .rejected(let reason):
                let rejection = Rejection(
                    record: note(RecordChange(id: order.id, version: order.version)), event: place(of: order),
                    generation: order.generation, reason: OrderRecord.plain(reason))
                if !rejections.contains(where: { $0.record == rejection.record }) { rejections.append(rejection) }
            case .forgotten:
                note(RecordChange(id: order.id, version: 0))
            case .unsettleable(let reason):
                // The units stay counted as what they are: they were claimed, and nobody has settled them.
                deadLetters.append(DeadLetter(reason: reason, entry: Array(QueueEntry.encode(order).utf8)))
            }
        }
    }

    private static func confirmed(_ order: Order, at time: Timestamp?) -> String {
        var order = order
        order.state = .confirmed
        order.ledgerVersion = order.version
        order.confirmedAt = time
        return OrderRecord.encode(order)
    }

    /// Of several snapshots of an order in a batch, the highest version counts.
    @discardableResult
    private mutating func note(_ change: RecordChange) -> Int {
        if let place = places[change.id] {
            records[place].version = max(records[place].version, change.version)
            if !change.text.isEmpty { records[place].text = change.text }
            return place
        }
        places[change.id] = records.count
        records.append(change)
        return records.count - 1
    }

    private mutating func place(of order: Order) -> Int {
        if let place = moves.firstIndex(where: { $0.event == order.event && $0.generation == order.generation }) {
            return place
        }
        moves.append(EventMove(event: order.event, generation: order.generation))
        return moves.count - 1
    }

    /// The ids of the orders that the ledger has, with commas between.
    private func finished(_ ids: [String], withKey: Bool) -> String {
        var text = ""
        for (record, id) in zip(records, ids) where record.version > 0 && record.id.isMadeFromKey == withKey {
            if !text.isEmpty { text += "," }
            text += id
        }
        return text
    }

    /// The arguments are acknowledge.lua's.
    ///
    /// - Parameter seal: the epoch without which nothing is to be changed; empty if the lease is enough.
    func call(_ token: String, in keys: Keyspace, guardedBy seal: String = "") -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.acknowledge,
            keys: [
                keys.leases, keys.attempts, keys.batch(token), keys.deadLetters, keys.settled, keys.settledWithKey,
                keys.pendingReleases, keys.orderedBatches, keys.epoch,
            ])
        for move in moves {
            for key in [keys.event(move.event), keys.customers(move.event), keys.holds(move.event)] {
                call.append(key: key)
            }
        }
        let ids = records.map(\.id.description)
        for record in records { call.append(key: keys.order(record.id)) }
        call.append(token)
        call.append(keys.finished)
        call.append(finished(ids, withKey: false) + " " + finished(ids, withKey: true))
        for count in [moves.count, records.count, rejections.count, deadLetters.count, returns] { call.append(count) }
        call.append(seal)
        for move in moves {
            call.append(move.generation)
            call.append(move.sold)
        }
        for (record, id) in zip(records, ids) {
            call.append(id)
            call.append(record.version)
            call.append(record.text)
        }
        for rejection in rejections {
            for number in [rejection.record + 1, rejection.event + 1, rejection.generation] { call.append(number) }
            call.append(rejection.reason)
        }
        for (index, letter) in deadLetters.enumerated() {
            call.append("\(token).\(index)")
            call.append(Array("\(OrderRecord.plain(letter.reason))|".utf8) + letter.entry)
        }
        return call
    }
}
