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
        /// Empty: the record is to be forgotten.
        var state = ""
        var confirmedAt = ""
        var reason = ""
    }

    private(set) var moves: [EventMove] = []
    private(set) var records: [RecordChange] = []
    private(set) var deadLetters: [DeadLetter]

    /// `settlements` are those of the batch's orders, in their order.
    init(_ batch: Batch, _ settlements: [Settlement]) {
        precondition(batch.orders.count == settlements.count)
        deadLetters = batch.unreadable
        for (order, settlement) in zip(batch.orders, settlements) {
            var record = RecordChange(id: order.id)
            switch settlement {
            case .confirmed(let time):
                record.state = OrderState.confirmed.rawValue
                record.confirmedAt = String(time.milliseconds)
                count(order, sold: order.quantity)
            case .rejected(let reason):
                record.state = OrderState.rejected.rawValue
                record.reason = reason
                count(order, sold: 0)
            case .forgotten:
                count(order, sold: 0)
            case .unsettleable(let reason):
                // The units stay counted as pending: they were claimed, and nobody has settled them.
                deadLetters.append(DeadLetter(reason: reason, entry: Array(QueueEntry.encode(order).utf8)))
                continue
            }
            records.append(record)
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

    func call(_ token: String, in keys: Keyspace, retentionSeconds: Int) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.acknowledge, keys: [keys.leases, keys.attempts, keys.batch(token), keys.deadLetters])
        for move in moves { call.append(key: keys.event(move.event)) }
        for record in records { call.append(key: keys.order(record.id)) }
        call.append(token)
        for count in [retentionSeconds, moves.count, records.count, deadLetters.count] { call.append(count) }
        for move in moves {
            for number in [move.generation, move.settled, move.sold] { call.append(number) }
        }
        for record in records {
            call.append(record.state)
            call.append(record.confirmedAt)
            call.append(record.reason)
        }
        for (index, letter) in deadLetters.enumerated() {
            call.append("\(token).\(index)")
            call.append(Array("\(letter.reason)|".utf8) + letter.entry)
        }
        return call
    }
}
