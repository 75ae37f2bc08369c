import Ledger
import Logging
import NIOCore
import NIOSSL
import Webhooks

/// What the senders of all endpoints have in common.
struct WebhookSending: Sendable {
    let ledger: Ledger
    let resolver: AddressResolver
    let roots: [NIOSSLCertificate]
    let group: any EventLoopGroup
    /// The name of this worker as the owner of endpoints.
    let owner: String
    let concurrency: Int
    let allowsPrivate: Bool
    var schedule = DeliverySchedule()
    var lease = Duration.seconds(10)
    let metrics: WebhookMetrics
    let logger: Logger
}
