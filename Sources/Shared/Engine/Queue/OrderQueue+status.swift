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
    package func noteWorker(_ name: String) async throws(RedisError) {
        _ = try await partition.run(NoteWorkerScript(name, forgetAfter: Self.forgottenAfter))
    }

    /// The values are read one after another, so they are not of one moment.
    package func status() async throws(RedisError) -> QueueStatus {
        let now = try await connection.send(RedisCommand("TIME")).time()
        var status = QueueStatus()
        status.depth = try await count("LLEN", keys.queue)
        var heads = try await head(of: keys.queue)
        for token in try await leasedTokens() {
            status.batches += 1
            status.inFlight += try await count("LLEN", keys.batch(token))
            heads += try await head(of: keys.batch(token))
        }
        status.deadLetters = try await deadLetterCount()
        let since = String(now.milliseconds - Self.seenWithin.milliseconds)
        status.workers = try await count("ZCOUNT", keys.workers, since, "+inf")
        status.oldestAge = heads.compactMap(\.queuedAt).min().map {
            .milliseconds(max(0, now.milliseconds - $0.milliseconds))
        }
        return status
    }

    private func count(_ name: String, _ arguments: String...) async throws(RedisError) -> Int {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return Int(try await connection.send(command).integer ?? 0)
    }

    private func head(of list: String) async throws(RedisError) -> [Order] {
        let entries = try await connection.send(RedisCommand("LRANGE", list, "0", String(Self.headLength - 1))).array
        return (entries ?? []).compactMap {
            guard case .bulkString(let bytes) = $0 else { return nil }
            return try? OrderCodec.decode(entry: bytes)
        }
    }
}

extension Order {
    /// When this snapshot was queued; nil for a cancellation, whose time is not stored.
    fileprivate var queuedAt: Timestamp? {
        switch state {
        case .pending, .held: claimedAt
        case .confirmed: confirmedAt ?? claimedAt
        case .expired: expiresAt
        case .cancelled, .rejected: nil
        }
    }
}
