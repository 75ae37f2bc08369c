/// The calls that move entries between the queue, leased batches and the dead letters, and how their answers read. No I/O:
/// ``OrderQueue`` puts them to Redis, the simulator of the protocol to the same scripts in memory.
struct QueueCalls: Hashable, Sendable {
    let keys: Keyspace
    let lease: Duration

    private var leaseMilliseconds: Int64 { lease.milliseconds }

    static func makeToken() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    func take(_ token: String, limit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.take,
            keys: [
                keys.queue, keys.leases, keys.attempts, keys.batch(token), keys.returns, keys.sequence, keys.leased,
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

    func reclaim(_ token: String, for successor: String) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.reclaim,
            keys: [keys.leases, keys.attempts, keys.batch(token), keys.batch(successor), keys.sequence, keys.leased],
            arguments: [token, successor, String(leaseMilliseconds)])
    }

    /// Nil where the lease has not run out, or another worker was faster.
    func reclaimed(_ successor: String, _ reply: RESPValue) throws(RedisError) -> Batch? {
        guard let answer = reply.array, answer.count >= 3, let attempts = answer[0].integer,
            let number = answer[2].integer
        else { return nil }
        let entries = try RESPValue.array(Array(answer.dropFirst(3))).entries()
        return Batch(
            token: successor, number: Int(number), attempts: Int(attempts), waitsForTurn: answer[1].integer == 1,
            entries: entries)
    }

    /// Begins the lease anew.
    func renew(_ token: String) -> RedisScriptCall { setLease(token, milliseconds: leaseMilliseconds) }

    /// Ends it, so that any worker may take the batch over at once.
    func release(_ token: String) -> RedisScriptCall { setLease(token, milliseconds: 0) }

    private func setLease(_ token: String, milliseconds: Int64) -> RedisScriptCall {
        RedisScriptCall(Scripts.renew, keys: [keys.leases], arguments: [token, String(milliseconds)])
    }

    func acknowledge(_ batch: Batch, _ settlements: [Settlement]) -> RedisScriptCall {
        Acknowledgement(batch, settlements).call(batch.token, in: keys)
    }

    /// - Parameter batch: the settled batch as its list holds it; nil where it is damaged.
    func forget(_ batch: String, in list: String, retention: Int) -> RedisScriptCall? {
        guard let bar = batch.firstIndex(of: "|") else { return nil }
        var call = RedisScriptCall(Scripts.forget, keys: [list], arguments: [batch, String(retention)])
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
