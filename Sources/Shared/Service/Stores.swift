import Logging
import NIOCore

/// The two stores, opened as the settings say, and what is built on them.
public struct Stores: Sendable {
    public let redis: RedisClient
    public let pool: PostgresPool
    public let ledger: Ledger
    /// Which Redis may be relied on.
    public let fence = Fence()

    /// Does not wait for either store: a program starts while they are away, and says so.
    ///
    /// - Parameter tune: changes deadlines and limits; programs keep the defaults.
    public init(
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

    public static func redis(_ settings: StoreSettings) -> RedisConfiguration {
        RedisConfiguration(url: settings.redis, scripts: Scripts.all)
    }

    public func close() async {
        await redis.close()
        await pool.close()
    }
}
