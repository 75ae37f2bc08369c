/// The name, the type and the help text of a metric. ``all`` lists every metric of the programs; the names follow the
/// conventions of Prometheus.
struct MetricDescription: Sendable {
    enum Kind: Hashable, Sendable {
        case counter, gauge
        /// With the upper bounds of its buckets, in the unit of the metric.
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
        .init("ticketblitz_claims_total", .counter, "Purchases by outcome and reason."),
        .init(
            "ticketblitz_claim_duration_seconds", .histogram(seconds),
            "Time from the arrival of a purchase at the claim to the reply of Redis."),
        .init(
            "ticketblitz_claim_group_size", .histogram(sizes), "Purchases in one call of the claim script."),
        .init(
            "ticketblitz_transition_group_size", .histogram(sizes),
            "Confirmations and cancellations in one call of the transition script."),
        .init(
            "ticketblitz_waitlist_group_size", .histogram(sizes),
            "Requests for places on waiting lists in one call of the wait script."),
        .init(
            "ticketblitz_join_group_size", .histogram(sizes), "Places of waiting rooms that one call gives."),
        .init(
            "ticketblitz_event_reads_total", .counter,
            "Events that were read from the stores for clients that look at them."),
        .init("ticketblitz_viewers", .gauge, "Clients that watch events or orders with a stream."),
        .init("ticketblitz_live_messages_total", .counter, "Updates that were sent on streams."),
        .init(
            "ticketblitz_drift_units_total", .counter, "Units by which Redis and the ledger differed at reconciliation."
        ),
        .init("ticketblitz_http_connections", .gauge, "Open client connections."),
        .init(
            "ticketblitz_connections_evicted_total", .counter,
            "Connections that were closed because others needed their places."),
        .init(
            "ticketblitz_connections_refused_total", .counter,
            "New connections that were closed, by reason: all places were taken, or the address has too many."),
        .init(
            "ticketblitz_rate_limited_total", .counter, "Requests that exceeded the rate limit of their client address."
        ),
        .init(
            "ticketblitz_client_faults_total", .counter,
            "Requests that their clients broke off, by what they did."),
        // The queue in Redis: all programs report the same values.
        .init("ticketblitz_queue_entries", .gauge, "Orders in the queue that no worker has taken."),
        .init("ticketblitz_queue_oldest_age_seconds", .gauge, "Age of the oldest order that is queued or in flight."),
        .init("ticketblitz_in_flight_entries", .gauge, "Orders in batches that workers have taken."),
        .init("ticketblitz_in_flight_batches", .gauge, "Batches that workers have taken."),
        .init("ticketblitz_dead_letters", .gauge, "Entries in the dead-letter list."),
        .init("ticketblitz_workers", .gauge, "Workers that were active in the last 15 seconds."),
        .init(
            "ticketblitz_open_partitions", .gauge,
            "Partitions of Redis that are open; the others are being recovered."),
        .init(
            "ticketblitz_connected_replicas", .gauge,
            "Replicas that are connected to the primary that has the fewest."),
        .init(
            "ticketblitz_unreplicated_calls_total", .counter,
            "Calls of Redis whose writes too few replicas confirmed in time, by script."),
        .init("ticketblitz_recovery_tickets", .gauge, "Tickets that the last recovery has to backfill."),
        .init("ticketblitz_recovery_tickets_done", .gauge, "Tickets that the last recovery has backfilled."),
        .init(
            "ticketblitz_recovery_remaining_seconds", .gauge,
            "Estimated remaining seconds of the recovery; 0 if no partition is being recovered."),
        .init("ticketblitz_redis_used_memory_bytes", .gauge, "Memory that Redis uses; of a cluster, the fullest node."),
        .init("ticketblitz_redis_max_memory_bytes", .gauge, "The maxmemory of the same server; 0: no limit."),
        // The ledger writer.
        .init(
            "ticketblitz_records_deleted_early_total", .counter,
            "Records of settled orders that this worker deleted before their time because the memory of Redis was short."
        ),
        .init("ticketblitz_batch_size", .histogram(sizes), "Orders in a batch that a worker writes to the ledger."),
        .init(
            "ticketblitz_persist_duration_seconds", .histogram(seconds),
            "Time from the first attempt to write a batch to the ledger to its commit."),
        .init(
            "ticketblitz_persist_retries_total", .counter,
            "Failed attempts to write a batch to the ledger, which are retried."),
        .init("ticketblitz_reclaims_total", .counter, "Batches that were taken over from another worker."),
        .init("ticketblitz_set_aside_total", .counter, "Entries that this worker dead-lettered."),
        .init(
            "ticketblitz_rejected_total", .counter,
            "Orders that the ledger rejected because the event had no units left."),
        .init("ticketblitz_holds_expired_total", .counter, "Holds that this worker expired."),
        .init("ticketblitz_offers_total", .counter, "Offers that this worker made to places on waiting lists."),
        .init(
            "ticketblitz_places_ended_total", .counter,
            "Places on waiting lists that this worker cancelled: the sale has ended, or a limit is reached."),
        // Webhooks.
        .init(
            "ticketblitz_webhook_attempts_total", .counter,
            "Webhook messages that this worker sent, by outcome: delivered, failed (sent again later) or dead."),
        .init(
            "ticketblitz_webhook_duration_seconds", .histogram(seconds),
            "Time from the sending of a webhook message to its answer or its failure."),
        .init(
            "ticketblitz_webhook_oldest_age_seconds", .gauge,
            "Age of the oldest change that a webhook lacks; those that are paused do not count."),
        // Postgres.
        .init("ticketblitz_postgres_connections", .gauge, "Connections to Postgres: lent, idle or being opened."),
        .init("ticketblitz_postgres_idle_connections", .gauge, "Idle connections to Postgres."),
        .init("ticketblitz_postgres_pool_waiting", .gauge, "Callers that are waiting for a connection."),
        .init("ticketblitz_postgres_pool_waits_total", .counter, "Callers that had to wait for a connection."),
        .init(
            "ticketblitz_postgres_pool_wait_seconds", .histogram(seconds),
            "Time that callers waited, of those that had to wait."),
        // The process.
        .init("ticketblitz_build_info", .gauge, "Always 1; the labels name the program and its version."),
        .init("process_cpu_seconds_total", .counter, "User and system time of the process."),
        .init("process_resident_memory_bytes", .gauge, "Resident memory of the process."),
        .init("process_open_fds", .gauge, "Open file descriptors."),
        .init("process_start_time_seconds", .gauge, "Start time of the process in seconds since 1970."),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
