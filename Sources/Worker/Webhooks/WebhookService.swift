import Ledger
import Logging
import NIOPosix
import PostgresClient
import ServiceLifecycle
import Timing
import Webhooks

/// Delivers changes to endpoints, with connections of its own, so that a sale never waits for a delivery.
///
/// Any number of workers can run this service: each endpoint is delivered to by one of them at a time, under a lease.
struct WebhookService: Service {
    /// Connections to PostgreSQL; one more than is needed for progress.
    static let poolSize = 4

    let sending: WebhookSending
    let pool: PostgresPool
    let threads: NIOThreadPool
    let signal: WebhookSignal
    let keepHours: Int

    /// Endpoints that are claimed at once, so that the workers share them.
    private static let claimLimit = 4
    private static let interval = Duration.milliseconds(100)
    /// While there is no endpoint.
    private static let idleInterval = Duration.seconds(1)
    /// Failures in a row before they are logged: half a minute. At a start the schema may not exist yet, and that PostgreSQL is
    /// unavailable is logged by others.
    private static let failureLimit = 20

    private var ledger: Ledger { sending.ledger }
    private var logger: Logger { sending.logger }

    func run() async throws {
        threads.start()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await cancelWhenGracefulShutdown { await ticking() } }
            group.addTask { await maintain() }
            await withDiscardingTaskGroup { senders in
                await claim(&senders)
            }
            group.cancelAll()
        }
        await pool.close()
        try? await threads.shutdownGracefully()
    }

    /// Raises the signal regularly.
    private func ticking() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            signal.raise()
        }
        signal.raise()
    }

    /// Claims endpoints that have something to be done, and delivers to each in a task of its own.
    private func claim(_ senders: inout DiscardingTaskGroup) async {
        var failures = 0
        var isUsable = false
        for await _ in signal.signals {
            if Task.isShuttingDownGracefully || Task.isCancelled { return }
            do {
                guard try await ledger.hasWebhooks() else {
                    isUsable = false
                    await pause(Self.idleInterval)
                    continue
                }
                if !isUsable { isUsable = try await prepare() }
                let claimed = try await ledger.claimWebhooks(
                    for: sending.owner, lease: sending.lease, limit: Self.claimLimit)
                for endpoint in claimed {
                    senders.addTask { await WebhookSender(sending: sending, endpoint: endpoint).run() }
                }
                if failures >= Self.failureLimit { logger.notice("delivering webhooks works again") }
                failures = 0
            } catch {
                failures += 1
                if failures == Self.failureLimit {
                    logger.warning("cannot deliver webhooks; retrying", metadata: ["reason": "\(error)"])
                }
                await pause(Backoff().delay(failures: failures))
            }
        }
    }

    private func prepare() async throws -> Bool {
        if try await ledger.renumberRestoredChanges() {
            logger.notice("the ledger was restored from a dump; its changes are delivered from the beginning")
        }
        return true
    }

    private func pause(_ time: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: time) }
    }
}
