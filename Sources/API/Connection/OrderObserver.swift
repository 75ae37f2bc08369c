import Domain
import Engine

/// How a connection observes the orders that its requests wait for. The closures can be called on any thread.
struct OrderObserver: Sendable {
    /// Begins to watch an order, and calls the second argument, on any thread, whenever the order may have changed and when
    /// the watch closes. The result ends the watch; nil if the watch is closed or has too many waiters.
    var watch: @Sendable (OrderID, @escaping @Sendable () -> Void) -> (@Sendable () -> Void)?
    /// Whether the watch is closed: then no request waits any longer.
    var isClosed: @Sendable () -> Bool
    /// Whether a request that waits for the order can be answered. For connections without a responder of their own.
    var isSettled: @Sendable (OrderID) async -> Bool
}

extension OrderObserver {
    init(_ orderWatch: OrderWatch, orders: OrderLookup) {
        watch = { order, onChange in
            guard let waiter = orderWatch.watch(order, onChange: onChange) else { return nil }
            return { orderWatch.end(waiter) }
        }
        isClosed = { orderWatch.isClosed }
        isSettled = { await orders.isSettled($0) }
    }
}
