package import PostgresClient
package import RedisClient
package import RedisSchema

extension ServerSettings {
    private static let postgresQuery = PostgresStatement<[String], (name: String, setting: String)>(
        "server_settings", sql: "SELECT name, setting FROM pg_settings WHERE name = ANY(:names)",
        parameters: ["names": { $0 }]
    ) { columns in
        let name = try columns["name", as: String.self]
        let setting = try columns["setting", as: String.self]
        return { row in (name: try row[name], setting: try row[setting]) }
    }

    /// Reads the settings of both servers.
    package init(_ redis: RedisConnection, _ pool: PostgresPool, durability: Durability) async throws {
        self.durability = durability
        let info = try await redis.send(RedisCommand("INFO", "server")).string ?? ""
        redisVersion =
            info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("redis_version:") }
            .map { String($0.dropFirst("redis_version:".count)) } ?? ""
        self.redis = try await Self.settings(of: redis)
        for row in try await pool.query(Self.postgresQuery, Self.postgresNames) { postgres[row.name] = row.setting }
    }

    /// The result of `CONFIG GET`; nil if the server refuses the command.
    private static func settings(of redis: RedisConnection) async throws(RedisError) -> [String: String]? {
        var command = RedisCommand("CONFIG", "GET")
        for name in redisNames { command.append(name) }
        do throws(RedisError) {
            return try await redis.send(command).fields()
        } catch {
            guard error.code == .server else { throw error }
            return nil
        }
    }
}

/// The settings of a server do not allow a safe sale. The description is one line.
package struct UnsafeSettings: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

extension UnsafeSettings {
    /// Nil if a program has the number of partitions that the ledger has noted.
    init?(partitions count: Int, noted: Int) {
        guard noted != count else { return nil }
        description = """
            PARTITIONS is \(count), but the programs of this ledger have PARTITIONS=\(noted); give all of them the same \
            value (API migrate --change-partitions changes it)
            """
    }
}
