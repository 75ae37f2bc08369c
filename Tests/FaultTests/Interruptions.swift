import Glibc
import TestSupport

@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// What interrupts a recovery: 4 to 6 faults, each of another kind, in an order and at moments that a seed draws.
struct Interruptions: Sendable {
    /// So that others take over what the paused process had begun.
    private static let longerThanALease = RecoveryTiming.lease + .seconds(1)

    /// Other faults strike meanwhile.
    private static let pauses = [
        Fault("APIs paused") { cluster, generator in
            let places = several(of: cluster.apiPorts.count, &generator)
            for place in places { await cluster.signalAPI(place, SIGSTOP) }
            try await Task.sleep(for: longerThanALease)
            for place in places { await cluster.signalAPI(place, SIGCONT) }
        },
        Fault("workers paused") { cluster, generator in
            let places = several(of: await cluster.workerCount, &generator)
            for place in places { await cluster.signalWorker(place, SIGSTOP) }
            try await Task.sleep(for: longerThanALease)
            for place in places { await cluster.signalWorker(place, SIGCONT) }
        },
    ]

    private static let others = [
        Fault("kill -9 of APIs") { cluster, generator in
            let places = several(of: cluster.apiPorts.count, &generator)
            for place in places { try await cluster.killAPI(place) }
            for place in places { try await cluster.startAPI(place) }
        },
        Fault("kill -9 of workers") { cluster, generator in
            let places = several(of: await cluster.workerCount, &generator)
            for place in places { try await cluster.killWorker(place) }
            for place in places { try await cluster.startWorker(place) }
        },
        Fault.backendsKilled,
        Fault.redisKilled,
        Fault("Redis restarted") { cluster, _ in
            // Its answer is the end of the connection; while Redis loads, it refuses, and is killed by the restart.
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

    /// Returns when all of them are over.
    func strike(_ cluster: Cluster) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var generator = SeededGenerator(seed: ~seed)
            for interruption in drawn {
                try await Fault.pause(.random(in: 0...0.7, using: &generator))
                guard Self.pauses.contains(where: { $0.name == interruption.name }) else {
                    try await interruption.strike(cluster, &generator)
                    continue
                }
                let seed = generator.next()
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    try await interruption.strike(cluster, &generator)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Each of so many with an even chance, one at least.
    private static func several(of count: Int, _ generator: inout SeededGenerator) -> [Int] {
        let first = Int.random(in: 0..<count, using: &generator)
        return (0..<count).filter { $0 == first || Bool.random(using: &generator) }
    }
}
