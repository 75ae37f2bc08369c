package import ArgumentParser
import Domain
package import Environment
package import Logging
package import PostgresClient
package import RedisClient
package import RedisSchema

/// The options that the API and the Worker share.
package struct StoreOptions: ParsableArguments {
    @Option(StoreSettings.redisURL) package var redisURL: GivenOption?
    @Option(StoreSettings.databaseURL) package var databaseURL: GivenOption?
    @Option(StoreSettings.databasePoolSize) package var databasePoolSize: GivenOption?
    @Option(StoreSettings.databasePooler) package var databasePooler: GivenOption?
    @Option(StoreSettings.partitions) package var partitions: GivenOption?
    @Option(StoreSettings.durability) package var durability: GivenOption?
    @Option(StoreSettings.logLevel) package var logLevel: GivenOption?
    @Option(StoreSettings.logFormat) package var logFormat: GivenOption?

    package init() {}
}

/// The settings of the stores and the logs.
package struct StoreSettings: Sendable {
    package var redis: RedisURL
    package var databaseURL: String
    package var databasePoolSize: Int
    package var databasePooler: PostgresPooler
    package var partitioning: Partitioning
    package var durability: Durability
    package var logLevel: Logger.Level
    package var logFormat: LogFormat

    package init(_ settings: Settings) throws(SettingsError) {
        redis = try settings.value(of: Self.redisURL)
        databaseURL = try settings.value(of: Self.databaseURL)
        databasePoolSize = try settings.value(of: Self.databasePoolSize)
        databasePooler = try settings.value(of: Self.databasePooler)
        partitioning = Partitioning(
            count: try settings.value(of: Self.partitions), inCluster: !redis.clusterNodes.isEmpty)
        durability = try settings.value(of: Self.durability)
        logLevel = try settings.value(of: Self.logLevel)
        logFormat = try settings.value(of: Self.logFormat)
    }
}

extension StoreSettings {
    /// The server of the ledger, with the default limits.
    package var postgres: PostgresConfiguration {
        var configuration = PostgresConfiguration(conninfo: databaseURL)
        configuration.pooler = databasePooler
        configuration.poolSize = databasePoolSize
        return configuration
    }

    /// In the order of `--help` and docs/configuration.md.
    package static let table = [
        redisURL.entry, databaseURL.entry, databasePoolSize.entry, databasePooler.entry, partitions.entry,
        durability.entry,
        logLevel.entry, logFormat.entry,
    ]

    private static let defaultRedis = "redis://127.0.0.1:6379"
    private static let defaultDatabase = "postgres://127.0.0.1:5432/ticketblitz"

    static let redisURL = Setting<RedisURL>(
        SettingEntry(
            "REDIS_URL", default: .value(defaultRedis), isSecret: true,
            "Redis server: `redis://[user:password@]host[:port][/database]` or `unix:///path[?db=N]`, or nodes of a "
                + "cluster: `redis://a:7000,b:7001`; TLS is not supported")
    ) { text throws(SettingsError) in
        do throws(RedisURL.Malformed) {
            return try RedisURL(text ?? defaultRedis)
        } catch {
            throw SettingsError(description: "REDIS_URL cannot be read: \(error.description)")
        }
    }

    static let databaseURL = Setting<String>(
        SettingEntry(
            "DATABASE_URL", default: .value(defaultDatabase), isSecret: true,
            "PostgreSQL server: a URL or a keyword string in the format of libpq")
    ) { text throws(SettingsError) in
        let text = text ?? defaultDatabase
        if let reason = PostgresConninfo.flaw(of: text) {
            throw SettingsError(description: "DATABASE_URL cannot be read: \(reason)")
        }
        return text
    }

    static let databasePoolSize = Setting<Int>(
        "DATABASE_POOL_SIZE", default: 25, in: 1...1000,
        "maximum number of connections to PostgreSQL of one process")

    static let databasePooler = Setting<PostgresPooler>(
        "DATABASE_POOLER", default: .auto, "mode of the connection pooler between the programs and PostgreSQL",
        note: "`auto` detects a pooler and works with both modes")

    static let partitions = Setting<Int>(
        "PARTITIONS", default: 1, in: 1...OrderID.partitionLimit, "number of partitions of the keys in Redis",
        note: "the same for all programs of a sale; a program with another number does not start")

    static let durability = Setting<Durability>(
        "DURABILITY", default: .replica, "where an order is when its purchase is acknowledged",
        note:
            "`disk`: on the primary's disk; `replica`: also on all replicas that are connected; `replica-strict`: also "
            + "on one replica at least")

    static let logLevel = Setting<Logger.Level>("LOG_LEVEL", default: .info, "lowest level that is logged")

    static let logFormat = Setting<LogFormat>(
        "LOG_FORMAT", default: .text, "format of the logs on standard error",
        note: "`json` writes one object per line")
}
