/// A partition that only its recovery may touch: what it still has is brought to the ledger, and the rest is deleted.
struct SealedPartition {
    private static let pageSize = 500
    private static let batchSize = 1000

    private let keys: Keyspace
    private let connection: RedisConnection
    private let server: String
    private let token = QueueCalls.makeToken()
    private let queue: OrderQueue

    /// - Parameter server: the server process that is recovered, by its run id.
    init(_ keys: Keyspace, on connection: RedisConnection, server: String) {
        self.keys = keys
        self.connection = connection
        self.server = server
        let fence = Fence()
        fence.open(keys, for: Fence.Pass(server: server, epoch: "sealed:\(token)"))
        queue = OrderQueue(connection: connection, keys: keys, lease: .seconds(60), fence: fence)
    }

    func seal() async throws(RedisError) {
        try await run(RedisScriptCall(Scripts.seal, keys: [keys.epoch], arguments: [token]))
    }

    /// Brings everything that is queued, leased or set aside to the ledger. A worker that holds one of these batches can
    /// still commit it, which changes nothing, and cannot acknowledge it.
    func drain(into ledger: Ledger) async throws {
        for letter in try await queue.deadLetters(limit: .max) { _ = try await queue.requeue(letter.id) }
        repeat {
            for token in try await queue.leasedTokens() {
                try await queue.release(token)
                if let batch = try await queue.reclaim(token)?.batch { try await settle(batch, in: ledger) }
            }
            while let batch = try await queue.take(limit: Self.batchSize) { try await settle(batch, in: ledger) }
        } while try await !queue.leasedTokens().isEmpty
    }

    private func settle(_ batch: Batch, in ledger: Ledger) async throws {
        let settlements = try await ledger.settle(batch.orders, lease: batch.number)
        guard try await queue.acknowledge(batch, settlements) else {
            throw RedisError(.fenced, "a batch was lost while it was being recovered", mayHaveRun: false)
        }
    }

    /// Deletes all that can be filled in from the ledger. What was set aside stays.
    func wipe() async throws(RedisError) {
        let kept: Set<String> = [keys.epoch, keys.leased, keys.deadLetters, keys.workers]
        var cursor = "0"
        repeat {
            let command = RedisCommand(
                "SCAN", cursor, "MATCH", keys.everything, "COUNT", String(Self.pageSize))
            let page = try await connection.send(command, to: server).array ?? []
            guard page.count == 2, let next = page[0].string, let found = page[1].array else {
                throw RedisError(.protocolViolation, "SCAN answered in another form", mayHaveRun: false)
            }
            var call = RedisScriptCall(Scripts.wipe, keys: [keys.epoch], arguments: [token])
            for key in found.compactMap(\.string) where !kept.contains(key) { call.append(key: key) }
            try await run(call)
            cursor = next
        } while cursor != "0"
    }

    /// - Parameter seen: the highest number of a lease that the ledger has seen.
    func open(epoch: Int, seen: Int) async throws(RedisError) {
        try await run(
            RedisScriptCall(
                Scripts.open, keys: [keys.epoch, keys.leased], arguments: [token, String(epoch), String(seen)]))
    }

    private func run(_ call: RedisScriptCall) async throws(RedisError) {
        var call = call
        call.server = server
        guard try await connection.evaluate(call).integer == 1 else {
            throw RedisError(.fenced, "another recovery has begun", mayHaveRun: false)
        }
    }
}
