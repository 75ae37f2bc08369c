import Domain
import NIOCore
package import RedisClient
import RedisSchema
import Timing

/// The state of a queue: of one partition or of all.
package struct QueueStatus: Hashable, Sendable {
    /// Entries that no worker has taken.
    package var depth = 0
    /// Entries in leased batches, and the number of these batches.
    package var inFlight = 0
    package var batches = 0
    /// The age of the oldest entry, estimated from its times; nil if there are no entries.
    package var oldestAge: Duration?
    /// Workers that were seen within ``OrderQueue/seenWithin``.
    package var workers = 0
    package var deadLetters = 0

    package init() {}

    /// All partitions together.
    package init(of queues: [OrderQueue]) async throws(RedisError) {
        for queue in queues {
            let status = try await queue.status()
            depth += status.depth
            inFlight += status.inFlight
            batches += status.batches
            deadLetters += status.deadLetters
            // Every worker takes from every partition.
            workers = max(workers, status.workers)
            oldestAge = [oldestAge, status.oldestAge].compactMap(\.self).max()
        }
    }
}

extension OrderQueue {
    /// A worker notes that it is alive at least every 5 s.
    package static let seenWithin = Duration.seconds(15)
    private static let forgottenAfter = Duration.seconds(3600)
    /// Entries of each list whose times are compared: the entries at the head are the oldest, except requeued ones.
    private static let headLength = 8

    /// Notes that the worker of this name is alive.
    ///
    /// - Returns: whether the replicas have this, and so all writes of the server until now.
    @discardableResult
    package func noteWorker(_ name: String) async throws(RedisError) -> Bool {
        try await partition.runReplicated(NoteWorkerScript(name, forgetAfter: Self.forgottenAfter)).isReplicated
    }

    /// Two round trips, however many batches there are. The values are not of one moment.
    package func status() async throws(RedisError) -> QueueStatus {
        let connection = connection
        let lists = try await connection.send([
            RedisCommand("TIME"), RedisCommand("LLEN", keys.queue), headCommand(keys.queue),
            RedisCommand("HLEN", keys.deadLetters), RedisCommand("ZRANGE", keys.orderedBatches, "0", "-1"),
            RedisCommand("ZRANGE", keys.leases, "0", "-1"),
        ])
        let now = try lists[0].time()
        var status = QueueStatus()
        status.depth = count(lists[1])
        status.deadLetters = count(lists[3])
        var heads = head(lists[2])
        let tokens = Set((lists[4].array ?? []).compactMap(\.string) + (lists[5].array ?? []).compactMap(\.string))
        let since = String(now.milliseconds - Self.seenWithin.milliseconds)
        let batches = try await connection.send(
            [RedisCommand("ZCOUNT", keys.workers, since, "+inf")]
                + tokens.flatMap { [RedisCommand("LLEN", keys.batch($0)), headCommand(keys.batch($0))] })
        status.workers = count(batches[0])
        status.batches = tokens.count
        for index in stride(from: 1, to: batches.count, by: 2) {
            status.inFlight += count(batches[index])
            heads += head(batches[index + 1])
        }
        status.oldestAge = heads.compactMap(\.queuedAt).min().map {
            .milliseconds(max(0, now.milliseconds - $0.milliseconds))
        }
        return status
    }

    private func count(_ reply: RESPValue) -> Int { Int(reply.integer ?? 0) }

    private func headCommand(_ list: String) -> RedisCommand {
        RedisCommand("LRANGE", list, "0", String(Self.headLength - 1))
    }

    private func head(_ reply: RESPValue) -> [Order] {
        (reply.array ?? []).compactMap {
            guard case .bulkString(let bytes) = $0 else { return nil }
            return try? OrderCodec.decode(entry: bytes)
        }
    }
}

extension Order {
    /// When this snapshot was queued; nil for a cancellation, whose time is not stored.
    fileprivate var queuedAt: Timestamp? {
        switch state {
        case .waiting, .pending, .held: claimedAt
        case .confirmed: confirmedAt ?? claimedAt
        case .expired: expiresAt
        case .cancelled, .rejected: nil
        }
    }
}
