import Domain
import RedisClient
import RedisSchema
import Timing

/// The calls that move entries between the queue, leased batches and the dead letters, and how their answers read. No I/O:
/// ``OrderQueue`` puts them to Redis, the simulator of the protocol to the same scripts in memory.
struct QueueCalls: Hashable, Sendable {
    let keys: Keyspace
    let lease: Duration
    /// The epoch without which nothing is to be changed, for a recovery; empty for workers, whose lease is enough.
    var seal = ""

    /// A batch that was taken so often without a word from who had it is cut into pieces at the next time.
    static let attemptLimit = 3
    /// An entry that stands alone is set aside only after more: whoever kills workers, or pauses them, has one in hand now
    /// and then that is not to blame.
    static let aloneLimit = 10
    /// Into so many pieces at most: a batch of 1000 comes down to the entry at fault in four steps.
    static let pieceLimit = 8

    private var leaseMilliseconds: Int64 { lease.milliseconds }

    static func makeToken() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    func take(_ token: String, limit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.take,
            keys: [
                keys.queue, keys.leases, keys.attempts, keys.batch(token), keys.pendingReleases, keys.orderedBatches,
                keys.leased,
            ],
            arguments: [token])
        call.append(limit)
        call.append(leaseMilliseconds)
        return call
    }

    /// Nil where the queue is empty.
    func taken(_ token: String, _ reply: RESPValue) throws(RedisError) -> Batch? {
        guard let answer = reply.array, answer.count >= 2, let turn = answer[0].integer, let number = answer[1].integer
        else { return nil }
        let entries = try RESPValue.array(Array(answer.dropFirst(2))).entries()
        return Batch(token: token, number: Int(number), attempts: 1, waitsForTurn: turn == 1, entries: entries)
    }

    func expired(limit: Int) -> RedisScriptCall {
        RedisScriptCall(Scripts.expired, keys: [keys.leases], arguments: [String(limit)])
    }

    /// - Parameter successors: tokens for the batch, or for the pieces that it is cut into.
    func reclaim(_ token: String, for successors: [String]) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.reclaim,
            keys: [
                keys.leases, keys.attempts, keys.batch(token), keys.orderedBatches, keys.leased, keys.deadLetters,
                keys.pendingReleases,
            ],
            arguments: [token, String(leaseMilliseconds), String(Self.attemptLimit), String(Self.aloneLimit)])
        for successor in successors {
            call.append(key: keys.batch(successor))
            call.append(successor)
        }
        return call
    }

    /// - Parameter successor: the first of the successors.
    func reclaimed(_ successor: String, _ reply: RESPValue) throws(RedisError) -> Reclaim? {
        guard let answer = reply.array, answer.count >= 2, let attempts = answer[0].integer else { return nil }
        guard answer.count > 2 else { return .deadLettered(reason: answer[1].string ?? "") }
        let entries = try RESPValue.array(Array(answer.dropFirst(3))).entries()
        return .batch(
            Batch(
                token: successor, number: answer[2].integer.map { Int($0) } ?? 0, attempts: Int(attempts),
                waitsForTurn: answer[1].integer == 1, entries: entries))
    }

    /// Begins the lease anew.
    func renew(_ token: String) -> RedisScriptCall { setLease(token, milliseconds: leaseMilliseconds) }

    /// Ends it, so that any worker may take the batch over at once.
    func release(_ token: String) -> RedisScriptCall { setLease(token, milliseconds: 0) }

    private func setLease(_ token: String, milliseconds: Int64) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.renew, keys: [keys.leases, keys.attempts, keys.epoch],
            arguments: [token, String(milliseconds), seal])
    }

    func acknowledge(_ batch: Batch, _ settlements: [Settlement]) -> RedisScriptCall {
        Acknowledgement(batch, settlements).call(batch.token, in: keys, guardedBy: seal)
    }

    /// Nil if the letter is damaged.
    ///
    /// - Parameters:
    ///   - text: the letter as it is stored.
    ///   - anywhere: also if its event is not here.
    func requeue(_ id: String, _ text: [UInt8], whereverItsEventIs anywhere: Bool = false) -> RedisScriptCall? {
        guard let letter = DeadLetter(id: id, text) else { return nil }
        let event = letter.order.map { keys.event($0.event) }
        var call = RedisScriptCall(
            Scripts.requeue,
            keys: [
                keys.deadLetters, keys.queue, keys.pendingReleases,
                anywhere ? keys.deadLetters : event ?? keys.deadLetters,
            ])
        call.append(id)
        call.append(text)
        call.append(letter.entry)
        call.append(letter.order.map(\.releasesUnits) == true ? 1 : 0)
        return call
    }

    /// - Parameter batch: the settled batch as its list holds it; nil where it is damaged.
    func forget(_ batch: String, in list: String, retention: Int) -> RedisScriptCall? {
        guard let bar = batch.firstIndex(of: "|") else { return nil }
        var call = RedisScriptCall(Scripts.deleteRecords, keys: [list], arguments: [batch, String(retention)])
        for id in batch[batch.index(after: bar)...].split(separator: ",").compactMap({ OrderID($0) }) {
            call.append(key: keys.order(id))
        }
        return call
    }
}

extension RESPValue {
    /// The entries of a batch.
    fileprivate func entries() throws(RedisError) -> [[UInt8]] {
        guard let elements = array else {
            throw RedisError(.protocolViolation, "not a batch", mayHaveRun: true)
        }
        return elements.compactMap { if case .bulkString(let bytes) = $0 { bytes } else { nil } }
    }
}
