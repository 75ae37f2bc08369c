import Engine
import Ledger
import Logging
import NIOCore
import PostgresClient
import RedisClient
import RedisSchema

/// The two stores, opened as the settings say, and what is built on them.
package struct Stores: Sendable {
    package let redis: RedisClient
    package let pool: PostgresPool
    package let ledger: Ledger
    /// Which Redis may be relied on.
    package let fence = Fence()

    /// Does not wait for either store: a program starts while they are away, and says so.
    ///
    /// - Parameter tune: changes deadlines and limits; programs keep the defaults.
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
