import Glibc
import TestSupport

@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// The interruptions of a recovery: 4 to 6 different faults. A seed decides the faults, their order and their times.
struct Interruptions: Sendable {
    /// Longer than a lease, so that other processes take over the recovery of the paused process.
    private static let longerThanALease = RecoveryTiming.lease + .seconds(1)

    /// Faults during which other faults occur.
    private static let pauses = [
        Fault("APIs paused") { cluster, generator in
            let indexes = several(of: cluster.apiPorts.count, &generator)
            for index in indexes { await cluster.signalAPI(index, SIGSTOP) }
            try await Task.sleep(for: longerThanALease)
            for index in indexes { await cluster.signalAPI(index, SIGCONT) }
        },
        Fault("workers paused") { cluster, generator in
            let indexes = several(of: await cluster.workerCount, &generator)
            for index in indexes { await cluster.signalWorker(index, SIGSTOP) }
            try await Task.sleep(for: longerThanALease)
            for index in indexes { await cluster.signalWorker(index, SIGCONT) }
        },
    ]

    private static let others = [
        Fault("kill -9 of APIs") { cluster, generator in
            let indexes = several(of: cluster.apiPorts.count, &generator)
            for index in indexes { try await cluster.killAPI(index) }
            for index in indexes { try await cluster.startAPI(index) }
        },
        Fault("kill -9 of workers") { cluster, generator in
            let indexes = several(of: await cluster.workerCount, &generator)
            for index in indexes { try await cluster.killWorker(index) }
            for index in indexes { try await cluster.startWorker(index) }
        },
        Fault.backendsKilled,
        Fault.redisKilled,
        Fault("Redis restarted") { cluster, _ in
            // A successful SHUTDOWN closes the connection. While Redis loads its data it refuses the command, and
            // `restart` kills it.
            _ = try? await cluster.stores.redis.connection.send(RedisCommand("SHUTDOWN", "NOSAVE"))
            try await cluster.redis.restart()
        },
        Fault("FLUSHALL again") { cluster, _ in _ = try await cluster.redis("FLUSHALL") },
        Fault("Postgres restarted") { cluster, _ in
            try await cluster.postgres.stop()
            try await cluster.postgres.restart()
        },
    ]

    let drawn: [Fault]
    private let seed: UInt64

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 4...6, using: &generator)
        drawn = Array((Self.pauses + Self.others).shuffled(using: &generator).prefix(count))
        self.seed = seed
    }

    /// Returns when all faults have ended.
    func inject(_ cluster: Cluster) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var generator = SeededGenerator(seed: ~seed)
            for interruption in drawn {
                try await Fault.pause(.random(in: 0...0.7, using: &generator))
                guard Self.pauses.contains(where: { $0.name == interruption.name }) else {
                    try await interruption.inject(cluster, &generator)
                    continue
                }
                let seed = generator.next()
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    try await interruption.inject(cluster, &generator)
                }
            }
            try await group.waitForAll()
        }
    }

    /// A random subset of the indexes below `count`, with at least one index.
    private static func several(of count: Int, _ generator: inout SeededGenerator) -> [Int] {
        let first = Int.random(in: 0..<count, using: &generator)
        return (0..<count).filter { $0 == first || Bool.random(using: &generator) }
    }
}
