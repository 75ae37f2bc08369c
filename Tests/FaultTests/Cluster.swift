import Foundation
import Glibc
import Logging
import NIOCore
import NIOPosix
import TestSupport

@testable import Shared

/// A whole service of its own for one run: Redis, Postgres, APIs and workers as processes, with proxies where the network
/// can be made bad.
actor Cluster {
    static let token = "secret"
    /// Without holds, and more than will be asked for.
    static let plain = "plain"
    /// Few, held for two seconds, with a limit for each customer: always contended.
    static let scarce = "scarce"
    static let customerLimit = 6

    nonisolated let redis: RedisServer
    nonisolated let postgres: PostgresServer
    /// Between the APIs, or the workers, and Redis; and between clients and the first API.
    nonisolated let apiProxy: FaultProxy
    nonisolated let workerProxy: FaultProxy
    nonisolated let clientProxy: FaultProxy
    nonisolated let apiPorts: [Int]
    private let stores: Stores
    private var apis: [Run] = []
    private var workers: [Run] = []

    static func start(apis: Int = 2, workers: Int = 2, redisOptions: String = "", redisPrefix: String = "") async throws
        -> Cluster
    {
        let redis = try await RedisServer.start(options: redisOptions, prefix: redisPrefix)
        let postgres = try await PostgresServer.start()
        let target = try SocketAddress(unixDomainSocketPath: redis.socket)
        let ports = try (0..<apis).map { _ in try freePort() }
        let client = try SocketAddress(ipAddress: "127.0.0.1", port: ports[0])
        let cluster = Cluster(
            redis: redis, postgres: postgres, apiProxy: try await .start(to: target),
            workerProxy: try await .start(to: target), clientProxy: try await .start(to: client), apiPorts: ports,
            stores: try await Self.stores(redis, postgres))
        for place in 0..<apis { try await cluster.startAPI(place) }
        for _ in 0..<workers { try await cluster.startWorker() }
        try await cluster.untilReady()
        try await cluster.makeEvents()
        return cluster
    }

    private init(
        redis: RedisServer, postgres: PostgresServer, apiProxy: FaultProxy, workerProxy: FaultProxy,
        clientProxy: FaultProxy, apiPorts: [Int], stores: Stores
    ) {
        self.redis = redis
        self.postgres = postgres
        self.apiProxy = apiProxy
        self.workerProxy = workerProxy
        self.clientProxy = clientProxy
        self.apiPorts = apiPorts
        self.stores = stores
    }

    /// The checker's own way to both stores.
    private static func stores(_ redis: RedisServer, _ postgres: PostgresServer) async throws -> Stores {
        let settings = try StoreSettings(
            Settings(flags: [:], environment: ["REDIS_URL": redis.url(), "DATABASE_URL": postgres.url]))
        let quiet = Logger(label: "checker") { _ in SwiftLogNoOpLogHandler() }
        return try await Stores(settings, group: MultiThreadedEventLoopGroup.singleton, logger: quiet) {
            $0.commandTimeout = .seconds(20)
            $1.statementTimeout = .seconds(20)
            $1.poolSize = 2
        }
    }

    private func environment(_ proxy: FaultProxy) -> [String: String] {
        [
            "REDIS_URL": "redis://127.0.0.1:\(proxy.port)", "DATABASE_URL": postgres.url, "DATABASE_POOL_SIZE": "8",
            "ADMIN_TOKEN": Self.token, "WORKER_LEASE_SECONDS": "1", "WORKER_BATCH_SIZE": "100",
        ]
    }

    // MARK: Programs

    func startAPI(_ place: Int) throws {
        let run = try Run("API", [], environment(apiProxy).merging(["PORT": String(apiPorts[place])]) { $1 })
        if place < apis.count { apis[place] = run } else { apis.append(run) }
    }

    func startWorker(_ place: Int? = nil, failpoint: [String: String] = [:]) throws {
        let run = try Run("Worker", [], environment(workerProxy).merging(failpoint) { $1 })
        if let place { workers[place] = run } else { workers.append(run) }
    }

    func signalAPI(_ place: Int, _ number: Int32) { apis[place].signal(number) }
    func signalWorker(_ place: Int, _ number: Int32) { workers[place].signal(number) }

    func killAPI(_ place: Int) async throws {
        apis[place].signal(SIGKILL)
        _ = try await apis[place].exitCode()
    }

    func killWorker(_ place: Int) async throws {
        workers[place].signal(SIGKILL)
        _ = try await workers[place].exitCode()
    }

    func workerEnds(_ place: Int) async throws { _ = try await workers[place].exitCode() }

    func restartDeadWorkers(failpoint: [String: String]) throws {
        for place in workers.indices where !workers[place].isRunning { try startWorker(place, failpoint: failpoint) }
    }

    func isWorkerRunning(_ place: Int) -> Bool { workers[place].isRunning }

    var workerCount: Int { workers.count }

    /// What the programs said, for a failure's report.
    var logs: String {
        (apis + workers).map { $0.output.suffix(2000) }.joined(separator: "\n--\n") + redis.log.suffix(1000)
    }

    // MARK: States

    func untilReady() async throws {
        for port in apiPorts {
            try await eventually("the API on \(port) is ready; \(logs)", within: 60) {
                let answer = try? await HTTPClient(port: port).send("GET", "/readyz", within: .seconds(2))
                return answer?.status == 200
            }
        }
    }

    private func makeEvents() async throws {
        let client = HTTPClient(port: apiPorts[0])
        for (event, body) in [
            (Self.plain, #"{"capacity":1000000}"#),
            (Self.scarce, #"{"capacity":150,"hold_seconds":2,"per_customer_limit":\#(Self.customerLimit)}"#),
        ] {
            let answer = try await client.send(
                "PUT", "/events/\(event)", body, headers: ["Authorization": "Bearer \(Self.token)"])
            guard answer.status == 201 else { throw GaveUp(description: "no event: \(answer.body)") }
        }
    }

    /// Whatever was done to a server before, its connection is made anew; a command that a fault is made of may run twice.
    private func insisting<Value>(_ body: () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                return try await body()
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    func redis(_ name: String, _ arguments: String...) async throws -> RESPValue {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return try await insisting { try await stores.redis.connection.send(command) }
    }

    func sql(_ sql: String) async throws -> [[String?]] {
        try await insisting { try await stores.pool.withConnection { try await $0.execute(script: sql) }.rows }
    }

    func withTransaction(_ body: @escaping @Sendable (PostgresConnection) async throws -> Void) async throws {
        try await insisting { try await stores.pool.withTransaction(body) }
    }

    /// Waits until nothing is queued, leased or held any more.
    func drain() async throws {
        let keys = Keyspace(partition: 0)
        do {
            try await waitUntilDrained(keys)
        } catch {
            throw GaveUp(description: "\(error)\n\(await remains())\n\(logs)")
        }
        try await untilReady()
    }

    private func waitUntilDrained(_ keys: Keyspace) async throws {
        try await eventually("everything is drained", within: 60) {
            guard let queued = try? await self.redis("LLEN", keys.queue).integer,
                let leased = try? await self.redis("ZCARD", keys.leases).integer,
                let held = try? await self.redis("HGET", keys.event(EventID(Self.scarce)!), "held").integer
            else { return false }
            return queued == 0 && leased == 0 && held == 0
        }
    }

    /// Both stores, at rest.
    func finalState() async throws -> FinalState {
        var state = FinalState(rows: [:], events: [:])
        for row in try await sql("SELECT id, event_id, quantity, customer, status FROM orders") {
            guard let id = OrderID(row[0] ?? ""), let order = OrderState(rawValue: row[4] ?? "") else {
                throw GaveUp(description: "a row of another form: \(row)")
            }
            state.rows[id] = FinalState.Row(
                event: row[1] ?? "", quantity: Int(row[2] ?? "") ?? 0, customer: row[3], state: order)
        }
        for row in try await sql("SELECT id, capacity, held, sold FROM events") {
            let numbers = row.dropFirst().map { Int($0 ?? "") ?? -1 }
            let key = Keyspace(partition: 0).event(EventID(row[0] ?? "")!)
            let values = try await redis("HMGET", key, "stock", "pending", "held", "sold").array ?? []
            let counts = values.map { Int($0.integer ?? -1) }
            state.events[row[0] ?? ""] = FinalState.Event(
                capacity: numbers[0], ledgerHeld: numbers[1], ledgerSold: numbers[2],
                redis: UnitCounts(available: counts[0], pending: counts[1], held: counts[2], sold: counts[3]))
        }
        for letter in try await redis("HVALS", Keyspace(partition: 0).deadLetters).array ?? [] {
            guard case .bulkString(let text) = letter, let order = DeadLetter(id: "", text)?.order else { continue }
            state.setAside.append(order.id)
        }
        return state
    }

    /// What stands in Redis beside the orders' records, for a failure's report.
    private func remains() async -> String {
        let keys = Keyspace(partition: 0)
        var lines: [String] = []
        for key in [keys.leases, keys.sequence, keys.holding, keys.holds(EventID(Self.scarce)!)] {
            let members = (try? await redis("ZRANGE", key, "0", "-1", "WITHSCORES"))?.array?.map { $0.string ?? "" }
            lines.append("\(key) \(members ?? [])")
        }
        for key in [keys.returns, keys.epoch, keys.leased] {
            lines.append("\(key) \((try? await redis("GET", key))?.string ?? "-")")
        }
        for key in [keys.event(EventID(Self.scarce)!), keys.event(EventID(Self.plain)!), keys.attempts] {
            lines.append("\(key) \((try? await redis("HGETALL", key))?.array?.map { $0.string ?? "" } ?? [])")
        }
        lines.append(
            "queue \((try? await redis("LRANGE", keys.queue, "0", "5"))?.array?.map { $0.string ?? "" } ?? [])")
        return lines.joined(separator: "\n")
    }

    func stop() async throws {
        for run in apis + workers {
            run.signal(SIGCONT)
            run.signal(SIGKILL)
        }
        for proxy in [apiProxy, workerProxy, clientProxy] { await proxy.stop() }
        await stores.close()
        try await redis.kill()
        try await postgres.stop()
    }
}
