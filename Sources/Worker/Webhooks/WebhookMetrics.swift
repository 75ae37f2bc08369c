import Ledger
import Metrics

/// The metrics of the deliveries of this worker.
struct WebhookMetrics: Sendable {
    private let delivered = Counter(label: "ticketblitz_webhook_attempts_total", dimensions: [("outcome", "delivered")])
    private let failed = Counter(label: "ticketblitz_webhook_attempts_total", dimensions: [("outcome", "failed")])
    private let dead = Counter(label: "ticketblitz_webhook_attempts_total", dimensions: [("outcome", "dead")])
    let duration = Metrics.Timer(label: "ticketblitz_webhook_duration_seconds")
    let oldest = Gauge(label: "ticketblitz_webhook_oldest_age_seconds")

    func count(_ states: [DeliveryState]) {
        for state in states {
            switch state {
            case .delivered: delivered.increment()
            case .retrying, .pending: failed.increment()
            case .dead: dead.increment()
            }
        }
    }
}
