package import Domain
package import RedisClient
package import RedisSchema
import Timing

/// Dead letters: entries that cannot be settled.
extension OrderQueue {
    package func deadLetterCount() async throws(RedisError) -> Int {
        Int(try await connection.send(RedisCommand("HLEN", keys.deadLetters)).integer ?? 0)
    }

    /// Up to `limit` dead letters, sorted by age, the oldest first. If there are more, they are not necessarily the
    /// oldest.
    package func deadLetters(limit: Int) async throws(RedisError) -> [DeadLetter] {
        try await Self.deadLetters(in: keys, on: connection, limit: limit)
    }

    package static func deadLetters(
        in keys: Keyspace, on connection: RedisConnection, limit: Int
    ) async throws(RedisError) -> [DeadLetter] {
        var letters: [String: DeadLetter] = [:]
        var cursor = "0"
        repeat {
            let page = try await deadLetterPage(in: keys, on: connection, from: cursor)
            for found in page.letters { letters[found.id] = found.letter }
            cursor = page.next
        } while cursor != "0" && letters.count < limit
        let sorted = letters.values.sorted { ($0.at?.milliseconds ?? 0, $0.id) < ($1.at?.milliseconds ?? 0, $1.id) }
        return Array(sorted.prefix(limit))
    }

    /// The dead letter with an id; nil if there is none, or if it cannot be read.
    package func deadLetter(_ id: String) async throws(RedisError) -> DeadLetter? {
        let reply = try await connection.send(RedisCommand("HGET", keys.deadLetters, id))
        guard case .bulkString(let stored) = reply else { return nil }
        return DeadLetter(id: id, stored)
    }

    /// A dead letter as Redis has it.
    struct StoredLetter: Sendable {
        var id: String
        var text: [UInt8]

        /// Nil if it cannot be read.
        var letter: DeadLetter? { DeadLetter(id: id, text) }
    }

    /// A page of dead letters, and the cursor of the next page. The cursor "0" begins, and ends. A letter can be in several
    /// pages; letters that are added or removed meanwhile may be missing.
    static func deadLetterPage(
        in keys: Keyspace, on connection: RedisConnection, from cursor: String
    ) async throws(RedisError) -> (letters: [StoredLetter], next: String) {
        let command = RedisCommand("HSCAN", keys.deadLetters, cursor, "COUNT", "100")
        let page = try await connection.send(command).array ?? []
        guard page.count == 2, let next = page[0].string, let fields = page[1].array else {
            throw RedisError(.protocolViolation, "HSCAN replied in an unknown form", mayHaveRun: false)
        }
        let letters = stride(from: 0, to: fields.count - 1, by: 2).compactMap { index -> StoredLetter? in
            guard let id = fields[index].string, case .bulkString(let text) = fields[index + 1] else { return nil }
            return StoredLetter(id: id, text: text)
        }
        return (letters, next)
    }

    /// The result of requeueing a dead letter.
    package enum Requeue: Hashable, Sendable {
        case done
        /// There is no dead letter with this id.
        case unknown
        /// Its event is being backfilled from the ledger; nothing was changed.
        case eventIsRecovering(EventID)
    }

    /// Puts a dead letter back into the queue, to be settled again.
    ///
    /// - Parameter evenIfNotLoaded: also if its event is not loaded, for a recovery that settles everything in the
    ///   ledger.
    package func requeue(_ id: String, evenIfNotLoaded: Bool = false) async throws(RedisError) -> Requeue {
        let reply = try await connection.send(RedisCommand("HGET", keys.deadLetters, id))
        guard case .bulkString(let stored) = reply, let letter = DeadLetter(id: id, stored) else { return .unknown }
        switch try await partition.run(
            RequeueScript(letter, stored: stored, evenIfNotLoaded: evenIfNotLoaded))
        {
        case .requeued: return .done
        case .gone: return .unknown
        case .eventNotLoaded: return letter.order.map { .eventIsRecovering($0.event) } ?? .unknown
        }
    }
}
