import Glibc
import TestSupport

/// A fault that begins and ends within `inject`.
struct Fault: Sendable, CustomStringConvertible {
    let name: String
    /// The generator decides the target and the duration.
    let inject: @Sendable (Cluster, inout SeededGenerator) async throws -> Void

    var description: String { name }

    init(_ name: String, _ inject: @escaping @Sendable (Cluster, inout SeededGenerator) async throws -> Void) {
        self.name = name
        self.inject = inject
    }

    static func pause(_ seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }

    /// The faults after which Redis has everything that it has acknowledged. Each is the argument of one test.
    static let all: [Fault] = programs + servers + commands + network

    /// The seconds for which Postgres is unavailable.
    static let postgresAway = 3.0

    static let programs = [
        Fault("kill -9 of an API") { cluster, generator in
            let index = Int.random(in: 0..<cluster.apiPorts.count, using: &generator)
            try await cluster.killAPI(index)
            try await cluster.startAPI(index)
        },
        Fault("an API paused") { cluster, generator in
            let index = Int.random(in: 0..<cluster.apiPorts.count, using: &generator)
            await cluster.signalAPI(index, SIGSTOP)
            try await pause(.random(in: 0.5...2, using: &generator))
            await cluster.signalAPI(index, SIGCONT)
        },
        Fault("kill -9 of a worker") { cluster, generator in
            let index = Int.random(in: 0..<(await cluster.workerCount), using: &generator)
            try await cluster.killWorker(index)
            try await cluster.startWorker(index)
        },
        // Longer than its lease, so that other workers reclaim its batch before it continues.
        Fault("a worker paused") { cluster, generator in
            let index = Int.random(in: 0..<(await cluster.workerCount), using: &generator)
            await cluster.signalWorker(index, SIGSTOP)
            try await pause(.random(in: 1...2.5, using: &generator))
            await cluster.signalWorker(index, SIGCONT)
        },
    ]

    static let redisKilled = Fault("kill -9 of Redis") { cluster, _ in
        try await cluster.redis.kill()
        try await cluster.redis.restart()
    }

    static let backendsKilled = Fault("Postgres's backends killed") { cluster, _ in
        _ = try await cluster.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                + "AND backend_type = 'client backend'")
    }

    static let servers = [
        redisKilled,
        Fault("Redis paused") { cluster, generator in
            await cluster.redis.signal(SIGSTOP)
            try await pause(.random(in: 0.5...2.5, using: &generator))
            await cluster.redis.signal(SIGCONT)
        },
        Fault("kill -9 of Postgres") { cluster, _ in
            try await cluster.postgres.kill()
            try await cluster.postgres.restart()
        },
        Fault("Postgres paused") { cluster, generator in
            await cluster.postgres.signalAll(SIGSTOP)
            try await pause(.random(in: 0.5...2.5, using: &generator))
            await cluster.postgres.signalAll(SIGCONT)
        },
        Fault("Postgres unavailable") { cluster, _ in
            try await cluster.postgres.stop()
            try await pause(postgresAway)
            try await cluster.postgres.restart()
        },
    ]

    static let commands = [
        Fault("SCRIPT FLUSH") { cluster, _ in _ = try await cluster.redis("SCRIPT", "FLUSH") },
        Fault("CLIENT KILL") { cluster, _ in _ = try? await cluster.redis("CLIENT", "KILL", "TYPE", "normal") },
        Fault("maxmemory reached") { cluster, generator in
            _ = try await cluster.redis("CONFIG", "SET", "maxmemory", "1")
            try await pause(.random(in: 0.3...1.5, using: &generator))
            _ = try await cluster.redis("CONFIG", "SET", "maxmemory", "0")
        },
        backendsKilled,
        Fault("an event's row locked") { cluster, _ in
            try await cluster.withTransaction { connection in
                try await connection.execute(script: "SELECT FROM events ORDER BY id FOR UPDATE")
                try await pause(2)
            }
        },
    ]

    static let network: [Fault] = [
        ("API and Redis", \Cluster.apiProxy), ("worker and Redis", \Cluster.workerProxy),
        ("client and API", \Cluster.clientProxy),
    ].flatMap { (link: String, proxy: KeyPath<Cluster, FaultProxy> & Sendable) in
        [
            Fault("cut between \(link)") { cluster, _ in cluster[keyPath: proxy].cut() },
            Fault("requests dropped between \(link)") { cluster, generator in
                try await apply(cluster[keyPath: proxy], .dropRequests, &generator)
            },
            Fault("replies dropped between \(link)") { cluster, generator in
                try await apply(cluster[keyPath: proxy], .dropReplies, &generator)
            },
            Fault("half-open between \(link)") { cluster, generator in
                try await apply(cluster[keyPath: proxy], .freeze, &generator)
            },
            Fault("refused between \(link)") { cluster, generator in
                cluster[keyPath: proxy].cut()
                try await apply(cluster[keyPath: proxy], .refuse, &generator)
            },
        ]
    }

    private static func apply(
        _ proxy: FaultProxy, _ mode: FaultProxy.Mode, _ generator: inout SeededGenerator
    ) async throws {
        proxy.set(mode)
        try await pause(.random(in: 0.2...1.8, using: &generator))
        proxy.set(.pass)
    }
}
