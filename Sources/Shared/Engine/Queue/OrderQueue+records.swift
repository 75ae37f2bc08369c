package import RedisClient
import RedisSchema
import Timing

/// The records of settled orders in Redis, which the ledger has too.
extension OrderQueue {
    /// How long the records of settled orders stay in Redis. The ledger keeps the orders without limit.
    package static let recordRetention = Duration.seconds(3600)
    /// The same for orders with an idempotency key: a repeated request is answered from the record.
    package static let keyRetention = Duration.seconds(24 * 3600)
    /// How long records stay if the memory is short: as long as their clients look at them most.
    package static let shortRetention = Duration.seconds(10)
    /// The same for orders with an idempotency key: as long as most clients repeat a request.
    package static let shortKeyRetention = Duration.seconds(600)

    /// Deletes the records of the batch that was settled first, if that was at least `retention` ago. True if it did:
    /// then another batch may be due. Orders with an idempotency key are listed separately, with a retention time of
    /// their own.
    package func deleteOldestRecords(
        withKey: Bool = false, retention: Duration? = nil
    ) async throws(RedisError) -> Bool {
        let retention = retention ?? (withKey ? Self.keyRetention : Self.recordRetention)
        return try await deleteOldest(withKey: withKey, retention: retention) != nil
    }

    /// Deletes the records of the batch that was settled first before their retention time: those without an idempotency
    /// key, and if there are none that are old enough, those with one. A purchase that is repeated with the key of such an
    /// order still leads to that order, which is then read from the ledger.
    ///
    /// - Parameter retention: for both kinds; nil: ``shortRetention`` and ``shortKeyRetention``.
    /// - Returns: the number of records, 0 if another worker was faster; nil if none are old enough.
    package func deleteRecordsEarly(retention: Duration? = nil) async throws(RedisError) -> Int? {
        let plain = try await deleteOldest(
            withKey: false, retention: retention ?? Self.shortRetention, keyRetention: Self.keyRetention)
        if let plain { return plain }
        return try await deleteOldest(
            withKey: true, retention: retention ?? Self.shortKeyRetention, keyRetention: Self.keyRetention)
    }

    /// The memory of the server.
    package func memory() async throws(RedisError) -> RedisMemory { try await connection.memory() }

    private func deleteOldest(
        withKey: Bool, retention: Duration, keyRetention: Duration? = nil
    ) async throws(RedisError) -> Int? {
        let list = RedisCommand("LINDEX", keys.settled(withKey: withKey), "0")
        guard let batch = try await connection.send(list).string else { return nil }
        return try await partition.run(
            DeleteRecordsScript(batch, withKey: withKey, retention: retention, keyRetention: keyRetention))
    }
}
