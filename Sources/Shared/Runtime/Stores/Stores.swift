package import Engine
package import Ledger
package import Logging
package import NIOCore
package import PostgresClient
package import RedisClient
package import RedisSchema

/// The connections to the two stores, opened according to the settings.
package struct Stores: Sendable {
    package let redis: RedisClient
    package let pool: PostgresPool
    package let ledger: Ledger
    /// The Redis server and epoch that each partition may use.
    package let fence: Fence
    /// Makes ids from idempotency keys, as soon as the ledger has been read.
    package let keyedIDs = KeyedIDs()

    /// Does not wait for the stores: a program starts while they are unavailable, and logs that.
    ///
    /// - Parameter tune: changes timeouts and limits in tests; programs keep the defaults.
    package init(
        _ settings: StoreSettings, group: any EventLoopGroup, logger: Logger,
        tune: (inout RedisConfiguration, inout PostgresConfiguration) -> Void = { _, _ in }
    ) async throws {
        var redis = Self.redis(settings)
        var postgres = settings.postgres
        tune(&redis, &postgres)
        self.redis = try await Self.client(settings, redis, group: group, logger: logger)
        fence = Fence(settings.durability)
        pool = PostgresPool(postgres)
        ledger = Ledger(pool: pool)
    }

    package static func redis(_ settings: StoreSettings) -> RedisConfiguration {
        RedisConfiguration(url: settings.redis, scripts: Scripts.all)
    }

    /// Connections of their own, besides those of the stores.
    ///
    /// - Parameters:
    ///   - configuration: nil for that of the settings.
    ///   - slots: the slots that are used; nil for those of all partitions.
    package static func client(
        _ settings: StoreSettings, _ configuration: RedisConfiguration? = nil, slots: [HashSlot]? = nil,
        group: any EventLoopGroup, logger: Logger
    ) async throws -> RedisClient {
        try await RedisClient(
            configuration ?? redis(settings), slots: slots ?? settings.partitioning.all.map(\.slot), group: group,
            logger: logger)
    }

    /// A partition, on the connection of the event loop that runs the caller.
    package func partition(_ keys: Keyspace) -> Partition { Partition(keys, of: redis, fence: fence) }

    /// Compares the number of partitions with the one that the ledger has noted, if the ledger answers at once. So a
    /// program that must not run ends before it serves; ``StoreSupervisor`` repeats the comparison when the ledger answers.
    package func checkPartitions(_ partitioning: Partitioning) async throws(UnsafeSettings) {
        guard let noted = try? await ledger.notedPartitionCount() else { return }
        if let difference = UnsafeSettings(partitions: partitioning.count, noted: noted) { throw difference }
    }

    package func close() async {
        await redis.close()
        await pool.close()
    }
}

extension Recovery {
    package init(_ stores: Stores, catalogue: EventCatalogue, logger: Logger) {
        self.init(
            redis: stores.redis, ledger: stores.ledger, fence: stores.fence, publisher: catalogue.publisher,
            logger: logger)
    }
}
