import Metrics

/// The metrics of a ledger writer.
struct LedgerWriterMetrics: Sendable {
    let batchSize = Recorder(label: "ticketblitz_batch_size")
    let persistDuration = Metrics.Timer(label: "ticketblitz_persist_duration_seconds")
    let retries = Counter(label: "ticketblitz_persist_retries_total")
    let reclaims = Counter(label: "ticketblitz_reclaims_total")
    let deadLettered = Counter(label: "ticketblitz_set_aside_total")
    let deletedEarly = Counter(label: "ticketblitz_records_deleted_early_total")
    let rejected = Counter(label: "ticketblitz_rejected_total")
}
