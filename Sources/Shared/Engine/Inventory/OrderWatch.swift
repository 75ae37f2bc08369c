package import Domain
import NIOConcurrencyHelpers
package import NIOCore
package import RedisClient
package import RedisSchema

/// Notifies requests that wait for an order when the order is final or in the ledger, without polling. The scripts that
/// acknowledge and end orders publish the orders' ids on the channel of their partition, the process subscribes to these
/// channels, and each waiter of a published id is notified.
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
        /// By their identity, so that one of very many who wait for an order is removed quickly.
        var byOrder: [OrderID: [ObjectIdentifier: Waiter]] = [:]
        var count = 0
        var isClosed = false
    }

    private let waiters = NIOLockedValueBox(Waiters())
    private let onEventChange = NIOLockedValueBox<[@Sendable (EventID) -> Void]>([])
    private let limit: Int
    private let subscriber = NIOLockedValueBox<RedisSubscriber?>(nil)

    /// - Parameters:
    ///   - client: tells where the partitions are. The watch has connections of its own there.
    ///   - limit: maximum number of waiters.
    ///   - eventLoop: where messages are received.
    package init(
        through client: RedisClient, partitioning: Partitioning, limit: Int = 100_000, on eventLoop: any EventLoop
    ) {
        self.limit = limit
        let subscription = RedisSubscription(
            channels: partitioning.all.map(\.finished),
            onMessage: { [weak self] message in self?.notify(named: message) },
            onListening: { [weak self] in self?.notifyAll() })
        subscriber.withLockedValue { $0 = RedisSubscriber(subscription, through: client, on: eventLoop) }
    }

    /// Registers a waiter for an order; remove it with ``end(_:)``. Nil if the limit is reached or the watch is closed.
    ///
    /// - Parameter onChange: called on any thread each time the order may have changed, and when the watch is closed.
    package func watch(_ order: OrderID, onChange: @escaping @Sendable () -> Void) -> Waiter? {
        waiters.withLockedValue { waiters in
            guard !waiters.isClosed, waiters.count < limit else { return nil }
            let waiter = Waiter(order: order, onChange: onChange)
            waiters.byOrder[order, default: [:]][ObjectIdentifier(waiter)] = waiter
            waiters.count += 1
            return waiter
        }
    }

    package func end(_ waiter: Waiter) {
        waiters.withLockedValue { waiters in
            guard waiters.byOrder[waiter.order]?.removeValue(forKey: ObjectIdentifier(waiter)) != nil else { return }
            if waiters.byOrder[waiter.order]?.isEmpty == true { waiters.byOrder[waiter.order] = nil }
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
        await subscriber.withLockedValue { $0 }?.close()
    }

    private func notify(named message: [UInt8]) {
        let message = FinishedMessage(message)
        if let event = message.event {
            for observer in onEventChange.withLockedValue({ $0 }) { observer(event) }
            return
        }
        let named = waiters.withLockedValue { waiters -> [Waiter] in
            guard waiters.count > 0 else { return [] }
            return message.orders.flatMap { waiters.byOrder[$0].map { Array($0.values) } ?? [] }
        }
        for waiter in named { waiter.onChange() }
    }

    private func notifyAll() {
        for waiter in waiters.withLockedValue({ $0.byOrder.values.flatMap(\.values) }) { waiter.onChange() }
    }
}
