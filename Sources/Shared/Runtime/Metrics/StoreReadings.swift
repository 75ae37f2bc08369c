package import Engine
package import PostgresClient
import RedisClient
import RedisSchema

/// The metrics that are read from the stores for each request of `/metrics`.
package struct StoreReadings: Sendable {
    private let queues: [OrderQueue]
    private let pool: PostgresPool
    /// The name of this program in `ticketblitz_build_info`.
    private let program: String

    package init(queues: [OrderQueue], pool: PostgresPool, program: String) {
        self.queues = queues
        self.pool = pool
        self.program = program
    }

    /// The text of `/metrics`. If Redis does not answer, the metrics of the queue are left out.
    package func text() async -> String {
        let readings = ProcessStats.readings() + build + (await ofPool) + (await ofQueues)
        return Metering.registry.text(with: readings)
    }

    private var build: [MetricReading] {
        #if compiler(>=6.3)
            let swift = "6.3"
        #else
            let swift = "6.2"
        #endif
        let labels = [("program", program), ("version", Release.version), ("swift", swift)]
        return [MetricReading("ticketblitz_build_info", 1, labels: labels)]
    }

    private var ofPool: [MetricReading] {
        get async {
            let stats = await pool.stats
            return [
                MetricReading("ticketblitz_postgres_connections", Double(stats.open)),
                MetricReading("ticketblitz_postgres_idle_connections", Double(stats.idle)),
                MetricReading("ticketblitz_postgres_pool_waiting", Double(stats.waiting)),
            ]
        }
    }

    /// The memory of the server that is the fullest, or of one without a limit.
    private func fullestMemory() async -> RedisMemory? {
        var fullest: RedisMemory?
        for queue in queues {
            guard let memory = try? await queue.memory() else { continue }
            if fullest.map({ $0.share < memory.share }) ?? true { fullest = memory }
        }
        return fullest
    }

    private var ofQueues: [MetricReading] {
        get async {
            var readings = [MetricReading("ticketblitz_open_partitions", Double(queues.count(where: \.isOpen)))]
            let recovery = queues.map(\.recovery)
            readings += [
                MetricReading(
                    "ticketblitz_connected_replicas", Double(queues.map(\.connectedReplicas).min() ?? 0)),
                MetricReading("ticketblitz_recovery_tickets", Double(recovery.reduce(0) { $0 + $1.total })),
                MetricReading("ticketblitz_recovery_tickets_done", Double(recovery.reduce(0) { $0 + $1.done })),
                MetricReading(
                    "ticketblitz_recovery_remaining_seconds",
                    Double(recovery.map(\.remainingSeconds).max() ?? 0)),
            ]
            if let memory = await fullestMemory() {
                readings += [
                    MetricReading("ticketblitz_redis_used_memory_bytes", Double(memory.used)),
                    MetricReading("ticketblitz_redis_max_memory_bytes", Double(memory.limit ?? 0)),
                ]
            }
            guard let status = try? await QueueStatus(of: queues) else { return readings }
            readings += [
                MetricReading("ticketblitz_queue_entries", Double(status.depth)),
                MetricReading(
                    "ticketblitz_queue_oldest_age_seconds", status.oldestAge.map { $0 / .seconds(1) } ?? 0),
                MetricReading("ticketblitz_in_flight_entries", Double(status.inFlight)),
                MetricReading("ticketblitz_in_flight_batches", Double(status.batches)),
                MetricReading("ticketblitz_dead_letters", Double(status.deadLetters)),
                MetricReading("ticketblitz_workers", Double(status.workers)),
            ]
            return readings
        }
    }
}

/// The release of the programs.
package enum Release {
    package static let version = "0.1.0"
}
