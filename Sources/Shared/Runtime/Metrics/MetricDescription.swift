import Engine

/// What a metric means; every metric that the programs give out is in ``all``, named by Prometheus's conventions.
struct MetricDescription: Sendable {
    enum Kind: Hashable, Sendable {
        case counter, gauge
        /// With the upper bounds of its buckets, in its unit.
        case histogram([Double])

        var name: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    var name: String
    var kind: Kind
    var help: String

    init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    private static let seconds: [Double] = [
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
    ]
    private static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000, 5000, 10_000]

    static let all: [MetricDescription] = [
        // The sale.
        .init("ticketblitz_claims_total", .counter, "Purchases by what they came to and why."),
        .init(
            "ticketblitz_claim_duration_seconds", .histogram(seconds),
            "From a purchase's arrival at the claim to Redis's answer."),
        .init(
            "ticketblitz_claim_group_size", .histogram(sizes), "Purchases that one call of the claim script carried."),
        .init(
            "ticketblitz_transition_group_size", .histogram(sizes),
            "Confirmations and cancellations that one call of their script carried."),
        .init("ticketblitz_drift_units_total", .counter, "Units by which Redis and the ledger were found to differ."),
        .init("ticketblitz_http_connections", .gauge, "Connections of clients that are open."),
        .init("ticketblitz_rate_limited_total", .counter, "Requests above the limit of their client's address."),
        // The queue, as Redis has it: the same whichever program is asked.
        .init("ticketblitz_queue_entries", .gauge, "Orders that no worker has taken yet."),
        .init("ticketblitz_queue_oldest_age_seconds", .gauge, "How long the oldest order has been on its way."),
        .init("ticketblitz_in_flight_entries", .gauge, "Orders in batches that workers have taken."),
        .init("ticketblitz_in_flight_batches", .gauge, "Batches that workers have taken."),
        .init("ticketblitz_dead_letters", .gauge, "Entries that were set aside."),
        .init("ticketblitz_workers", .gauge, "Workers seen in the last 15 seconds."),
        .init("ticketblitz_open_partitions", .gauge, "Partitions of Redis that may be used; the others are recovered."),
        .init("ticketblitz_recovery_tickets", .gauge, "Tickets of events that the last recovery has to fill in."),
        .init("ticketblitz_recovery_tickets_done", .gauge, "Tickets of those that are filled in."),
        .init(
            "ticketblitz_recovery_remaining_seconds", .gauge,
            "Seconds that the recovery may still take; 0 if nothing is recovered."),
        // The drain.
        .init("ticketblitz_batch_size", .histogram(sizes), "Orders in a batch that a worker brings to the ledger."),
        .init(
            "ticketblitz_persist_duration_seconds", .histogram(seconds),
            "From a batch's first attempt at the ledger to its commit."),
        .init("ticketblitz_persist_retries_total", .counter, "Attempts at the ledger that failed and were made again."),
        .init("ticketblitz_reclaims_total", .counter, "Batches that were taken over from a worker."),
        .init("ticketblitz_set_aside_total", .counter, "Entries that this worker set aside."),
        .init("ticketblitz_rejected_total", .counter, "Orders that the ledger had no room for."),
        .init("ticketblitz_holds_expired_total", .counter, "Holds that this worker ended."),
        // Postgres.
        .init("ticketblitz_postgres_connections", .gauge, "Connections to Postgres, lent, idle or being opened."),
        .init("ticketblitz_postgres_idle_connections", .gauge, "Connections to Postgres that nobody uses."),
        .init("ticketblitz_postgres_pool_waiting", .gauge, "Callers that wait for a connection."),
        .init("ticketblitz_postgres_pool_waits_total", .counter, "Callers that had to wait for a connection."),
        .init(
            "ticketblitz_postgres_pool_wait_seconds", .histogram(seconds), "How long those waited who had to wait."),
        // The process.
        .init("ticketblitz_build_info", .gauge, "Always 1; says what runs."),
        .init("process_cpu_seconds_total", .counter, "User and system time of the process."),
        .init("process_resident_memory_bytes", .gauge, "Resident memory of the process."),
        .init("process_open_fds", .gauge, "Open file descriptors."),
        .init("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
