import Logging
import NIOCore

/// The two stores, opened as the settings say, and what is built on them.
public struct Stores: Sendable {
    public let redis: RedisClient
    public let pool: PostgresPool
    public let ledger: Ledger

    /// Does not wait for either store: a program starts while they are away, and says so.
    public init(_ settings: StoreSettings, group: any EventLoopGroup, logger: Logger) async throws {
        redis = try await RedisClient(Self.redis(settings), group: group, logger: logger)
        var postgres = PostgresConfiguration(conninfo: settings.databaseURL)
        postgres.poolSize = settings.databasePoolSize
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

/// Repeats something until it works, with a backoff, and says so once for each new reason.
public func retrying<Value: Sendable>(
    _ what: String, logger: Logger, backoff: Backoff = Backoff(),
    unless isFinal: @Sendable (any Error) -> Bool = { _ in false }, _ body: @Sendable () async throws -> Value
) async throws -> Value {
    var failures = 0
    var lastReason = ""
    while true {
        do {
            let value = try await body()
            if failures > 0 { logger.notice("\(what) works again", metadata: ["failures": "\(failures)"]) }
            return value
        } catch {
            if error is CancellationError || isFinal(error) { throw error }
            failures += 1
            let reason = "\(error)"
            if reason != lastReason {
                logger.warning("\(what) does not work; trying again", metadata: ["reason": "\(reason)"])
            }
            lastReason = reason
            try await Task.sleep(for: backoff.delay(failures: failures))
        }
    }
}
