package import Domain
package import Engine
import Environment
import Foundation
package import Ledger
package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix
package import PostgresClient
package import RedisClient
package import RedisSchema
package import Runtime

/// The servers that all tests of a run share. Each test has its own database of Redis and its own schema of PostgreSQL.
package actor SharedServers {
    package static let shared = SharedServers()

    private var redis: Task<RedisServer, any Error>?
    private var postgres: Task<PostgresServer, any Error>?
    /// For tests that read changes: a transaction that stays open anywhere on a server delays all changes of that server.
    private var postgresOfChanges: Task<PostgresServer, any Error>?
    /// By the folder of the server and the mode.
    private var poolers: [String: Task<PgBouncerServer, any Error>] = [:]
    private var count = 0

    /// The maximum number of tests with stores at the same time. Each has about ten connections, and all share two
    /// cores and one disk.
    private static let limit = 24
    private var present = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waits until another test may have stores. The permit is valid as long as the caller keeps it.
    func enter() async -> Permit {
        if present == Self.limit {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            present += 1
        }
        return Permit()
    }

    /// A permit; it is returned when the test releases it, even if the test failed.
    final class Permit: Sendable {
        deinit { Task { await SharedServers.shared.leave() } }
    }

    private func leave() {
        if waiting.isEmpty { present -= 1 } else { waiting.removeFirst().resume() }
    }

    func next(readsChanges: Bool) async throws -> (RedisServer, PostgresServer, Int) {
        count += 1
        let number = count
        let redis = redis ?? Task { try await RedisServer.start() }
        self.redis = redis
        let postgres = (readsChanges ? postgresOfChanges : postgres) ?? Task { try await PostgresServer.start() }
        if readsChanges { postgresOfChanges = postgres } else { self.postgres = postgres }
        return (try await redis.value, try await postgres.value, number)
    }

    /// The pooler in front of a shared PostgreSQL.
    func pooler(_ mode: PgBouncerServer.Mode, to postgres: PostgresServer) async throws -> PgBouncerServer {
        let name = "\(mode) \(postgres.directory.path)"
        let pooler = poolers[name] ?? Task { try await PgBouncerServer.start(mode, to: postgres) }
        poolers[name] = pooler
        return try await pooler.value
    }
}

/// Makes stores, runs `body` with them, and closes them, also if `body` throws.
///
/// - Parameters:
///   - redis: a server for this test only, if the test kills or changes it; nil: the shared server.
///   - postgres: likewise.
///   - readsChanges: whether the test reads changes of the ledger. Then it shares a server only with tests that keep no
///     transaction open.
///   - redisTimeout: the timeout of commands and of connecting. It is long, because many tests share a disk that can
///     stall for seconds.
///   - durability: the setting of the programs.
///   - pooler: the mode of a PgBouncer before the shared server; nil: none, or the one that the variable `TEST_POOLER`
///     names.
package func withTestStores<Value>(
    redis: RedisServer? = nil, postgres: PostgresServer? = nil, readsChanges: Bool = false, queueLimit: Int = 1_000_000,
    partitions: Int = 1, redisTimeout: TimeAmount = .seconds(20), durability: Durability = .replica,
    pooler: PgBouncerServer.Mode? = nil,
    _ body: (TestStores) async throws -> Value
) async throws -> Value {
    let test = try await TestStores.make(
        redis: redis, postgres: postgres, readsChanges: readsChanges, queueLimit: queueLimit, partitions: partitions,
        redisTimeout: redisTimeout, durability: durability,
        pooler: pooler ?? PgBouncerServer.Mode.ofTheRun)
    do {
        let value = try await body(test)
        await test.close()
        return value
    } catch {
        await test.close()
        throw error
    }
}

/// The stores of one test: empty, with the schema, and not shared with another test.
package struct TestStores: Sendable {
    package let environment: [String: String]
    package let settings: StoreSettings
    package let stores: Stores
    package let inventory: Inventory
    package let catalogue: EventCatalogue
    package let redis: RedisServer
    package let postgres: PostgresServer
    private let permit: SharedServers.Permit
    /// What the services of this process logged.
    package let log: RecentLog
    package var logger: Logger { log.logger }

    package var ledger: Ledger { stores.ledger }
    package var pool: PostgresPool { stores.pool }
    package var keys: Keyspace { Keyspace(partition: 0) }

    fileprivate static func make(
        redis ownRedis: RedisServer?, postgres ownPostgres: PostgresServer?, readsChanges: Bool, queueLimit: Int,
        partitions: Int, redisTimeout: TimeAmount, durability: Durability, pooler: PgBouncerServer.Mode?
    ) async throws -> TestStores {
        let permit = await SharedServers.shared.enter()
        let (sharedRedis, sharedPostgres, number) = try await SharedServers.shared.next(readsChanges: readsChanges)
        let redis = ownRedis ?? sharedRedis
        let postgres = ownPostgres ?? sharedPostgres
        let environment = [
            "REDIS_URL": redis.url(database: number),
            "DATABASE_URL": try await makeLedger("t\(number)", on: postgres, pooler: ownPostgres == nil ? pooler : nil),
            "PARTITIONS": String(partitions), "DURABILITY": durability.rawValue,
        ]
        let settings = try StoreSettings(Settings(flags: [:], environment: environment))
        let log = RecentLog()
        let stores = try await Stores(settings, group: MultiThreadedEventLoopGroup.singleton, logger: log.logger) {
            $0.commandTimeout = redisTimeout
            $0.connectTimeout = redisTimeout
            $1.poolSize = 6
            $1.leaseTimeout = .seconds(30)
            $1.connectTimeout = .seconds(20)
            $1.statementTimeout = .seconds(20)
        }
        try await stores.ledger.migrate()
        stores.keyedIDs.set(try await stores.ledger.secret())
        let inventory = try await Inventory(
            client: stores.redis, partitioning: settings.partitioning, fence: stores.fence,
            keyedIDs: stores.keyedIDs, queueLimit: queueLimit)
        let test = TestStores(
            environment: environment, settings: settings, stores: stores, inventory: inventory,
            catalogue: EventCatalogue(ledger: stores.ledger, inventory: inventory), redis: redis, postgres: postgres,
            permit: permit, log: log)
        do {
            try await test.recover()
        } catch {
            await test.close()
            throw error
        }
        return test
    }

    /// Makes a schema, or a database if there is a pooler: a pooler does not let a client choose a schema. Returns its URL.
    private static func makeLedger(
        _ name: String, on postgres: PostgresServer, pooler: PgBouncerServer.Mode?
    ) async throws -> String {
        let admin = PostgresPool(PostgresConfiguration(conninfo: postgres.url))
        let kind = pooler == nil ? "SCHEMA" : "DATABASE"
        try await admin.withConnection {
            _ = try await $0.execute(script: "CREATE \(kind) \(name)", timeout: .seconds(60))
        }
        await admin.close()
        guard let pooler else { return "\(postgres.url) options='-c search_path=\(name)'" }
        return try await SharedServers.shared.pooler(pooler, to: postgres).url(database: name)
    }

    private init(
        environment: [String: String], settings: StoreSettings, stores: Stores, inventory: Inventory,
        catalogue: EventCatalogue, redis: RedisServer, postgres: PostgresServer, permit: SharedServers.Permit,
        log: RecentLog
    ) {
        self.environment = environment
        self.settings = settings
        self.stores = stores
        self.inventory = inventory
        self.catalogue = catalogue
        self.redis = redis
        self.postgres = postgres
        self.permit = permit
        self.log = log
    }

    /// Partition 0.
    package var partition: Partition { stores.partition(keys) }

    /// The queue of partition 0.
    package func queue(lease: Duration = .seconds(10)) -> OrderQueue {
        OrderQueue(partition, lease: lease)
    }

    /// Recovers all partitions of Redis from the ledger.
    package func recover() async throws {
        for keys in settings.partitioning.all {
            let last = NIOLockedValueBox("none")
            do {
                try await eventually("the partition is open and backfilled") {
                    do {
                        let result = try await recovery.check(keys)
                        last.withLockedValue { $0 = "\(result)" }
                        guard case .needsBackfill(let token) = result else { return result == .upToDate }
                        _ = try await recovery.backfill(keys, token: token)
                    } catch {
                        last.withLockedValue { $0 = "\(error)" }
                    }
                    return false
                }
            } catch let error as GaveUp {
                throw GaveUp(description: "\(error); the last result: \(last.withLockedValue { $0 })")
            }
        }
    }

    /// A recovery like that of the programs.
    package var recovery: Recovery { Recovery(stores, catalogue: catalogue, logger: logger) }

    /// Sends one Redis command and returns its reply.
    @discardableResult
    package func redis(_ name: String, _ arguments: String...) async throws -> RESPValue {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return try await stores.redis.connection.send(command)
    }

    /// Runs one SQL statement and returns the first column of its first row.
    @discardableResult
    package func sql(_ sql: String) async throws -> String? {
        try await pool.withConnection { try await $0.execute(script: sql) }.rows.first?.first ?? nil
    }

    package func purchase(
        _ event: EventID = .demo, quantity: Int = 1, customer: String? = nil, key: String? = nil
    ) -> Purchase {
        var generator = SystemRandomNumberGenerator()
        let purchase = inventory.makePurchase(
            of: event, quantity: quantity, customer: customer, idempotencyKey: key, at: .now, using: &generator)
        guard let purchase else { fatalError("the stores have their secret since they were made") }
        return purchase
    }

    /// Closes the connections. The shared servers end with the test process.
    fileprivate func close() async {
        await stores.close()
    }
}
