import Domain
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RedisClient
import RedisSchema

/// Tells whoever waits for an order when it is final or in the ledger: no polling. The scripts that acknowledge and end
/// orders name them on a channel, one connection of the process listens, and each waiter of a named order is told once.
///
/// A waiter registers first and then looks at the order, so that nothing falls between. Messages that were sent while the
/// connection was lost are gone; so all waiters are told when it stands again, and look.
package final class OrderWatch: Sendable {
    /// One who waits for an order.
    package final class Waiter: Sendable {
        package let order: OrderID
        fileprivate let onChange: @Sendable () -> Void

        fileprivate init(order: OrderID, onChange: @escaping @Sendable () -> Void) {
            self.order = order
            self.onChange = onChange
        }
    }

    private struct Waiters {
        var byOrder: [OrderID: [Waiter]] = [:]
        var count = 0
        var isClosed = false
    }

    private let waiters = NIOLockedValueBox(Waiters())
    private let limit: Int
    private let connection = NIOLockedValueBox<RedisConnection?>(nil)

    /// - Parameters:
    ///   - configuration: of the connection that listens, without a subscription.
    ///   - limit: waiters at the same time.
    package init(
        _ configuration: RedisConfiguration, partitioning: Partitioning, limit: Int = 100_000,
        on eventLoop: any EventLoop
    ) async throws {
        self.limit = limit
        var configuration = configuration
        configuration.scripts = []
        configuration.subscription = RedisSubscription(
            channels: partitioning.all.map(\.finished),
            onMessage: { [weak self] message in self?.tell(named: message) },
            onListening: { [weak self] in self?.tellAll() })
        // The stores' connection tells of a Redis that is away; this one would only repeat it.
        let quiet = Logger(label: "watch") { _ in SwiftLogNoOpLogHandler() }
        let opened = try await RedisConnection.open(configuration, on: eventLoop, logger: quiet)
        connection.withLockedValue { $0 = opened }
    }

    /// Begins to watch an order; nil where too many wait already, or the watch is closed. End it with ``end(_:)``.
    ///
    /// - Parameter onChange: called, on any thread, whenever the order may have changed, and when the watch is closed.
    package func watch(_ order: OrderID, onChange: @escaping @Sendable () -> Void) -> Waiter? {
        waiters.withLockedValue { waiters in
            guard !waiters.isClosed, waiters.count < limit else { return nil }
            let waiter = Waiter(order: order, onChange: onChange)
            waiters.byOrder[order, default: []].append(waiter)
            waiters.count += 1
            return waiter
        }
    }

    package func end(_ waiter: Waiter) {
        waiters.withLockedValue { waiters in
            guard var others = waiters.byOrder[waiter.order],
                let place = others.firstIndex(where: { $0 === waiter })
            else { return }
            others.remove(at: place)
            waiters.byOrder[waiter.order] = others.isEmpty ? nil : others
            waiters.count -= 1
        }
    }

    package var count: Int { waiters.withLockedValue { $0.count } }

    package var isClosed: Bool { waiters.withLockedValue { $0.isClosed } }

    /// Tells all waiters and takes no more; what they see then is what they answer.
    package func close() async {
        waiters.withLockedValue { $0.isClosed = true }
        tellAll()
        await connection.withLockedValue { $0 }?.close()
    }

    /// The message is ids with commas between.
    private func tell(named message: [UInt8]) {
        let told = waiters.withLockedValue { waiters -> [Waiter] in
            guard waiters.count > 0 else { return [] }
            return message.split(separator: UInt8(ascii: ",")).flatMap { bytes in
                OrderID(String(decoding: bytes, as: UTF8.self)).flatMap { waiters.byOrder[$0] } ?? []
            }
        }
        for waiter in told { waiter.onChange() }
    }

    private func tellAll() {
        for waiter in waiters.withLockedValue({ $0.byOrder.values.flatMap(\.self) }) { waiter.onChange() }
    }
}
