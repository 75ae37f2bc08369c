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
    package let fence = Fence()

    /// Does not wait for the stores: a program starts while they are unavailable, and logs that.
    ///
    /// - Parameter tune: changes timeouts and limits in tests; programs keep the defaults.
    package init(
        _ settings: StoreSettings, group: any EventLoopGroup, logger: Logger,
        tune: (inout RedisConfiguration, inout PostgresConfiguration) -> Void = { _, _ in }
    ) async throws {
        var redis = Self.redis(settings)
        var postgres = PostgresConfiguration(conninfo: settings.databaseURL)
        postgres.poolSize = settings.databasePoolSize
        tune(&redis, &postgres)
        self.redis = try await RedisClient(redis, group: group, logger: logger)
        pool = PostgresPool(postgres)
        ledger = Ledger(pool: pool)
    }

    package static func redis(_ settings: StoreSettings) -> RedisConfiguration {
        RedisConfiguration(url: settings.redis, scripts: Scripts.all)
    }

    /// A partition, on the connection of the event loop that runs the caller.
    package func partition(_ keys: Keyspace) -> Partition { Partition(keys, on: redis.connection, fence: fence) }

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
