import Domain
import RedisClient
import RedisSchema

/// Reads the snapshots of an event that were in flight when a survey began, in parts that occupy Redis for about 1 ms.
///
/// First the batches that were leased then, because they can be acknowledged; then the dead letters and the queue; then the
/// batches that were taken from the queue meanwhile. While the event's row is locked, no batch with a snapshot of the event
/// that was queued then can be settled, so none of these is missed.
struct InFlightReader {
    /// Lists of the batches that were leased since.
    private static let passLimit = 50

    let event: EventID
    let partition: Partition
    let start: SurveyStart
    /// Entries of one part.
    let partSize: Int

    /// Adds the snapshots. False if some may be missing, because a batch ended before it was read, all entries of the
    /// queue were taken, or dead letters changed: then the survey has to begin again.
    func read(into orders: inout InFlightOrders) async throws(RedisError) -> Bool {
        for token in start.batches {
            guard try await read(.batch(token), into: &orders) else { return false }
        }
        guard try await readDeadLetters(into: &orders) else { return false }
        guard try await read(.queue(taken: start.taken, length: start.queued), into: &orders) else { return false }
        guard try await readLaterBatches(into: &orders) else { return false }
        return try await numberOfDeadLetters() == start.deadLetters
    }

    /// Reads the batches that were leased since. One that ends meanwhile has no snapshot of the event, because it could not
    /// be settled, or another worker has reclaimed it under another token.
    private func readLaterBatches(into orders: inout InFlightOrders) async throws(RedisError) -> Bool {
        let (keys, connection) = (partition.keys, partition.connection)
        var done = Set(start.batches)
        for _ in 0..<Self.passLimit {
            let leased = try await connection.send(RedisCommand("ZRANGE", keys.leases, "0", "-1"))
            // If more was taken than was queued, some entries of these batches were queued after the survey began.
            let taken = try await connection.send(RedisCommand("GET", keys.taken)).integer ?? 0
            guard Int(taken) - start.taken <= start.queued else { return false }
            var isComplete = true
            for token in leased.array?.compactMap(\.string) ?? [] where !done.contains(token) {
                if try await read(.batch(token), into: &orders) { done.insert(token) } else { isComplete = false }
            }
            if isComplete { return true }
        }
        return false
    }

    /// False if the batch does not exist any more.
    private func read(
        _ source: SurveySliceScript.Source, into orders: inout InFlightOrders
    ) async throws(RedisError) -> Bool {
        var position = 0
        while true {
            let part = try await partition.run(SurveySliceScript(event, from: source, at: position, limit: partSize))
            orders.add(part.snapshots)
            orders.unreadable += part.unreadable
            switch source {
            case .queue(_, let length):
                guard part.end > position, part.end < length else { return true }
            case .batch:
                guard part.end > 0 else { return false }
                guard part.end - position == partSize else { return true }
            }
            position = part.end
        }
    }

    /// Letters that were requeued or added while they were read change their number, or the number of those that were
    /// found.
    private func readDeadLetters(into orders: inout InFlightOrders) async throws(RedisError) -> Bool {
        guard start.deadLetters > 0 else { return true }
        let (keys, connection) = (partition.keys, partition.connection)
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let page = try await OrderQueue.deadLetterPage(in: keys, on: connection, from: cursor)
            for stored in page.letters where found.insert(stored.id).inserted {
                if let order = stored.letter?.order { orders.add([order]) } else { orders.unreadable += 1 }
            }
            cursor = page.next
        } while cursor != "0"
        guard found.count == start.deadLetters else { return false }
        return try await numberOfDeadLetters() == start.deadLetters
    }

    private func numberOfDeadLetters() async throws(RedisError) -> Int {
        Int(try await partition.connection.send(RedisCommand("HLEN", partition.keys.deadLetters)).integer ?? 0)
    }
}
