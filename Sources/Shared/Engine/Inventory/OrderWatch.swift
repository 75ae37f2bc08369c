package import Domain
import Logging
import NIOConcurrencyHelpers
package import NIOCore
package import RedisClient
package import RedisSchema

/// Notifies requests that wait for an order when the order is final or in the ledger, without polling. The scripts that
/// acknowledge and end orders publish the orders' ids on a channel, one connection of the process subscribes to it, and
/// each waiter of a published id is notified.
///
/// A waiter must first be registered, then read its order: then no change is missed. Messages are lost while the
/// connection is lost, so all waiters are notified after each reconnection, and read their orders again.
package final class OrderWatch: Sendable {
    /// A registration for an order.
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
    private let onEventChange = NIOLockedValueBox<[@Sendable (EventID) -> Void]>([])
    private let limit: Int
    private let connection = NIOLockedValueBox<RedisConnection?>(nil)

    /// - Parameters:
    ///   - configuration: of the subscribed connection; its subscription is replaced.
    ///   - limit: maximum number of waiters.
    package init(
        _ configuration: RedisConfiguration, partitioning: Partitioning, limit: Int = 100_000,
        on eventLoop: any EventLoop
    ) async throws {
        self.limit = limit
        var configuration = configuration
        configuration.scripts = []
        configuration.subscription = RedisSubscription(
            channels: partitioning.all.map(\.finished),
            onMessage: { [weak self] message in self?.notify(named: message) },
            onListening: { [weak self] in self?.notifyAll() })
        // The connections of the stores log that Redis is unavailable. This one would only repeat it.
        let quiet = Logger(label: "watch") { _ in SwiftLogNoOpLogHandler() }
        let opened = try await RedisConnection.open(configuration, on: eventLoop, logger: quiet)
        connection.withLockedValue { $0 = opened }
    }

    /// Registers a waiter for an order; remove it with ``end(_:)``. Nil if the limit is reached or the watch is closed.
    ///
    /// - Parameter onChange: called on any thread each time the order may have changed, and when the watch is closed.
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
                let index = others.firstIndex(where: { $0 === waiter })
            else { return }
            others.remove(at: index)
            waiters.byOrder[waiter.order] = others.isEmpty ? nil : others
            waiters.count -= 1
        }
    }

    /// Calls `body`, on any thread, with each event that changes or has stock again. A change during a lost connection is
    /// missed.
    package func observeEvents(_ body: @escaping @Sendable (EventID) -> Void) {
        onEventChange.withLockedValue { $0.append(body) }
    }

    package var count: Int { waiters.withLockedValue { $0.count } }

    package var isClosed: Bool { waiters.withLockedValue { $0.isClosed } }

    /// Notifies all waiters and accepts no more. The waiters then respond with the orders in their current states.
    package func close() async {
        waiters.withLockedValue { $0.isClosed = true }
        notifyAll()
        await connection.withLockedValue { $0 }?.close()
    }

    private func notify(named message: [UInt8]) {
        let message = FinishedMessage(message)
        if let event = message.event {
            for observer in onEventChange.withLockedValue({ $0 }) { observer(event) }
            return
        }
        let named = waiters.withLockedValue { waiters -> [Waiter] in
            guard waiters.count > 0 else { return [] }
            return message.orders.flatMap { waiters.byOrder[$0] ?? [] }
        }
        for waiter in named { waiter.onChange() }
    }

    private func notifyAll() {
        for waiter in waiters.withLockedValue({ $0.byOrder.values.flatMap(\.self) }) { waiter.onChange() }
    }
}
