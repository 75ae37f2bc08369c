import Foundation
import Glibc
import Logging
import NIOCore
import NIOPosix
import TestSupport

@testable import Environment
@testable import RedisSchema
@testable import Runtime

/// A complete service for one run: Redis, Postgres, APIs and workers as processes, with proxies that simulate network
/// faults. Redis is one server, or a Redis Cluster: then the programs have no proxies to it.
actor Cluster {
    static let token = "secret"
    /// An event without holds and with more units than are requested.
    static let plain = "plain"
    /// An event with few units, holds of two seconds and a limit for each customer: always contended.
    static let scarce = "scarce"
    static let customerLimit = 6

    /// The server that sells at the start.
    nonisolated let redis: RedisServer
    nonisolated let nodes: RedisClusterNodes?
    /// The machine of the workers; nil for that of the test.
    nonisolated let workerHost: TestNetwork.Host?
    nonisolated let postgres: PostgresServer
    /// The proxies between the APIs and Redis, between the workers and Redis, and between clients and the first API.
    nonisolated let apiProxy: FaultProxy
    nonisolated let workerProxy: FaultProxy
    nonisolated let clientProxy: FaultProxy
    nonisolated let apiPorts: [Int]
    let stores: Stores
    private var apis: [Run] = []
    private var apiStarts: [Int: Int] = [:]
    private var workers: [Run] = []

    /// The maximum number of clusters at the same time: each is half a dozen processes.
    private static let clusters = Semaphore(count: 3)

    /// Starts a cluster, runs `body`, and stops the cluster, also if `body` throws. Waits first while three other
    /// clusters run.
    ///
    /// - Parameter nodes: the Redis Cluster; nil for one server.
    static func withCluster<Value: Sendable>(
        workers: Int = 2, redisOptions: String = "", redisPrefix: String = "", nodes: RedisClusterNodes? = nil,
        workerHost: TestNetwork.Host? = nil, _ body: (Cluster) async throws -> Value
    ) async throws -> Value {
        await clusters.enter()
        do {
            let redis =
                if let nodes { nodes.primary(ofTheSlotOf: Keyspace(partition: 0).queue).server } else {
                    try await RedisServer.start(options: redisOptions, prefix: redisPrefix)
                }
            let cluster = try await start(workers: workers, redis: redis, nodes: nodes, workerHost: workerHost)
            let value: Value
            do {
                value = try await body(cluster)
            } catch {
                try? await cluster.stop()
                throw error
            }
            try await cluster.stop()
            await clusters.leave()
            return value
        } catch {
            await clusters.leave()
            throw error
        }
    }

    private static func start(
        workers: Int, redis: RedisServer, nodes: RedisClusterNodes?, workerHost: TestNetwork.Host?
    ) async throws -> Cluster {
        let postgres = try await PostgresServer.start()
        let target = try SocketAddress(unixDomainSocketPath: redis.socket)
        let ports = [try freePort(), try freePort()]
        let client = try SocketAddress(ipAddress: "127.0.0.1", port: ports[0])
        let cluster = Cluster(
            redis: redis, nodes: nodes, workerHost: workerHost, postgres: postgres,
            apiProxy: try await .start(to: target),
            workerProxy: try await .start(to: target), clientProxy: try await .start(to: client), apiPorts: ports,
            stores: try await Self.stores(nodes?.url ?? redis.url(), postgres))
        for index in ports.indices { try await cluster.startAPI(index) }
        for _ in 0..<workers { try await cluster.startWorker() }
        try await cluster.waitUntilReady()
        try await cluster.makeEvents()
        return cluster
    }

    private init(
        redis: RedisServer, nodes: RedisClusterNodes?, workerHost: TestNetwork.Host?, postgres: PostgresServer,
        apiProxy: FaultProxy, workerProxy: FaultProxy, clientProxy: FaultProxy, apiPorts: [Int], stores: Stores
    ) {
        self.redis = redis
        self.nodes = nodes
        self.workerHost = workerHost
        self.postgres = postgres
        self.apiProxy = apiProxy
        self.workerProxy = workerProxy
        self.clientProxy = clientProxy
        self.apiPorts = apiPorts
        self.stores = stores
    }

    /// The connections of the checker to both stores.
    private static func stores(_ redis: String, _ postgres: PostgresServer) async throws -> Stores {
        let settings = try StoreSettings(
            Settings(flags: [:], environment: ["REDIS_URL": redis, "DATABASE_URL": postgres.url]))
        let quiet = Logger(label: "checker") { _ in SwiftLogNoOpLogHandler() }
        return try await Stores(settings, group: MultiThreadedEventLoopGroup.singleton, logger: quiet) {
            $0.commandTimeout = .seconds(20)
            $1.statementTimeout = .seconds(20)
            $1.poolSize = 2
        }
    }

    private func environment(_ proxy: FaultProxy) -> [String: String] {
        [
            "REDIS_URL": nodes?.url ?? "redis://127.0.0.1:\(proxy.port)", "DATABASE_URL": postgres.url,
            "DATABASE_POOL_SIZE": "8",
            "ADMIN_TOKEN": Self.token, "WORKER_LEASE_SECONDS": "1", "WORKER_BATCH_SIZE": "100",
            "WEBHOOK_ALLOW_PRIVATE": "true",
        ]
    }

    // MARK: Programs

    func startAPI(_ index: Int) throws {
        let run = try Run("API", [], environment(apiProxy).merging(["PORT": String(apiPorts[index])]) { $1 })
        if index < apis.count { apis[index] = run } else { apis.append(run) }
        apiStarts[index, default: 0] += 1
    }

    /// How many processes this API has been.
    func starts(ofAPI index: Int) -> Int { apiStarts[index] ?? 0 }

    func startWorker(_ index: Int? = nil, failpoint: [String: String] = [:]) throws {
        let run = try Run(
            "Worker", [], environment(workerProxy).merging(failpoint) { $1 }, launcher: workerHost?.launcher ?? [])
        if let index { workers[index] = run } else { workers.append(run) }
    }

    func signalAPI(_ index: Int, _ number: Int32) { apis[index].signal(number) }
    func signalWorker(_ index: Int, _ number: Int32) { workers[index].signal(number) }

    func killAPI(_ index: Int) async throws {
        apis[index].signal(SIGKILL)
        _ = try await apis[index].exitCode()
    }

    func killWorker(_ index: Int) async throws {
        workers[index].signal(SIGKILL)
        _ = try await workers[index].exitCode()
    }

    func workerEnds(_ index: Int) async throws { _ = try await workers[index].exitCode() }

    func restartDeadWorkers(failpoint: [String: String]) throws {
        for index in workers.indices where !workers[index].isRunning { try startWorker(index, failpoint: failpoint) }
    }

    func isWorkerRunning(_ index: Int) -> Bool { workers[index].isRunning }

    var workerCount: Int { workers.count }

    /// The ends of the logs of the programs and of Redis, for the report of a failure.
    var logs: String {
        (apis + workers).map { $0.output.suffix(2000) }.joined(separator: "\n--\n") + redis.log.suffix(1000)
    }

    /// Whether a program has found that Redis lacks what the ledger has seen.
    var hasFoundALoss: Bool { (apis + workers).contains { $0.output.contains("Redis has lost data") } }

    private func stop() async throws {
        for run in apis + workers {
            run.signal(SIGCONT)
            run.signal(SIGKILL)
        }
        for proxy in [apiProxy, workerProxy, clientProxy] { await proxy.stop() }
        await stores.close()
        try await redis.kill()
        try await postgres.stop()
        // A long run has many clusters, each with some hundred MB.
        for directory in [redis.directory, postgres.directory] {
            try? FileManager.default.removeItem(at: directory)
        }
    }
}

/// A counting semaphore; the first waiter is served first.
private actor Semaphore {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { free = count }

    func enter() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
