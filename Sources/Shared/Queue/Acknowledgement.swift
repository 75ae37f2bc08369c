/// What the end of a batch changes in Redis. No I/O.
struct Acknowledgement: Hashable {
    struct EventMove: Hashable {
        var event: EventID
        var generation: Int
        /// Units that are no longer on their way.
        var settled = 0
        /// Units of these that were sold.
        var sold = 0
    }

    struct RecordChange: Hashable {
        var id: OrderID
        /// The record as it is to be from now on; empty where it is to be forgotten.
        var text: String
    }

    private(set) var moves: [EventMove] = []
    private(set) var records: [RecordChange] = []
    private(set) var deadLetters: [DeadLetter]

    /// `settlements` are those of the batch's orders, in their order.
    init(_ batch: Batch, _ settlements: [Settlement]) {
        precondition(batch.orders.count == settlements.count)
        deadLetters = batch.unreadable
        for (order, settlement) in zip(batch.orders, settlements) {
            var record = OrderRecord(order: Order(order, state: .pending), generation: order.generation)
            switch settlement {
            case .confirmed(let time):
                record.order.state = .confirmed
                record.order.confirmedAt = time
                count(order, sold: order.quantity)
            case .rejected(let reason):
                record.order.state = .rejected
                record.order.reason = reason
                count(order, sold: 0)
            case .forgotten:
                count(order, sold: 0)
                records.append(RecordChange(id: order.id, text: ""))
                continue
            case .unsettleable(let reason):
                // The units stay counted as pending: they were claimed, and nobody has settled them.
                deadLetters.append(DeadLetter(reason: reason, entry: Array(QueueEntry.encode(order).utf8)))
                continue
            }
            records.append(RecordChange(id: order.id, text: record.text))
        }
    }

    private mutating func count(_ order: QueuedOrder, sold: Int) {
        let index =
            moves.firstIndex { $0.event == order.event && $0.generation == order.generation }
            ?? {
                moves.append(EventMove(event: order.event, generation: order.generation))
                return moves.count - 1
            }()
        moves[index].settled += order.quantity
        moves[index].sold += sold
    }

    func call(_ token: String, in keys: Keyspace) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.acknowledge,
            keys: [keys.leases, keys.attempts, keys.batch(token), keys.deadLetters, keys.settled])
        for move in moves { call.append(key: keys.event(move.event)) }
        for record in records { call.append(key: keys.order(record.id)) }
        call.append(token)
        call.append(records.filter { !$0.text.isEmpty }.map(\.id.description).joined(separator: ","))
        for count in [moves.count, records.count, deadLetters.count] { call.append(count) }
        for move in moves {
            for number in [move.generation, move.settled, move.sold] { call.append(number) }
        }
        for record in records { call.append(record.text) }
        for (index, letter) in deadLetters.enumerated() {
            call.append("\(token).\(index)")
            call.append(Array("\(letter.reason)|".utf8) + letter.entry)
        }
        return call
    }
}
