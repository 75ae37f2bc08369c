import ArgumentParser
import Domain
import Environment
import Logging
import PostgresClient
import RedisClient
import RedisSchema

/// The flags that the API and the Worker have in common; each is a variable of the environment too.
package struct StoreOptions: ParsableArguments {
    @Option(
        help:
            "Where Redis is: redis://[user:password@]host[:port][/database] or unix:///path. REDIS_URL (default: redis://127.0.0.1:6379)"
    )
    package var redisURL: String?

    @Option(
        help:
            "Where Postgres is, a URL or keywords as libpq takes them. DATABASE_URL (default: postgres://127.0.0.1:5432/ticketblitz)"
    )
    package var databaseURL: String?

    @Option(help: "Connections to Postgres at most. DATABASE_POOL_SIZE (default: 25)")
    package var databasePoolSize: String?

    @Option(help: "Partitions of the keys in Redis; the same for all programs of a sale. PARTITIONS (default: 1)")
    package var partitions: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. LOG_LEVEL (default: info)")
    package var logLevel: String?

    @Option(help: "text or json. LOG_FORMAT (default: text)")
    package var logFormat: String?

    package init() {}

    package var flags: [String: String?] {
        [
            "REDIS_URL": redisURL, "DATABASE_URL": databaseURL, "DATABASE_POOL_SIZE": databasePoolSize,
            "PARTITIONS": partitions, "LOG_LEVEL": logLevel, "LOG_FORMAT": logFormat,
        ]
    }
}

/// Where the stores are and how logs are written.
package struct StoreSettings: Sendable {
    package var redis: RedisURL
    package var databaseURL: String
    package var databasePoolSize: Int
    package var partitioning: Partitioning
    package var logLevel: Logger.Level
    package var logFormat: LogFormat

    package init(_ settings: Settings) throws(SettingsError) {
        let address = try settings.secret("REDIS_URL")
        do throws(RedisURL.Malformed) {
            redis = try RedisURL(address ?? "redis://127.0.0.1:6379")
        } catch {
            throw SettingsError(description: "REDIS_URL cannot be read: \(error.description)")
        }
        databaseURL = try settings.secret("DATABASE_URL") ?? "postgres://127.0.0.1:5432/ticketblitz"
        if let reason = PostgresConninfo.flaw(of: databaseURL) {
            throw SettingsError(description: "DATABASE_URL cannot be read: \(reason)")
        }
        databasePoolSize = try settings.integer("DATABASE_POOL_SIZE", default: 25, in: 1...1000)
        partitioning = Partitioning(
            count: try settings.integer("PARTITIONS", default: 1, in: 1...OrderID.partitionLimit))
        logLevel = try settings.choice("LOG_LEVEL", default: .info)
        logFormat = try settings.choice("LOG_FORMAT", default: .text)
    }
}
