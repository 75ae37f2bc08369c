import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Wakes whoever waits for an order, once it is final or in the ledger: no polling. The scripts that acknowledge and end
/// orders name them on a channel, one connection of the process listens, and each waiter of a named order is woken once.
///
/// A waiter registers first and then looks at the order, so that nothing falls between. Messages that were sent while the
/// connection was lost are gone; so all waiters are woken when it stands again, and look.
public final class OrderWatch: Sendable {
    private struct Waiters {
        var byOrder: [OrderID: [Waiter]] = [:]
        var count = 0
        var isClosed = false
    }

    private let waiters = NIOLockedValueBox(Waiters())
    private let limit: Int
    private let eventLoop: any EventLoop
    private let connection = NIOLockedValueBox<RedisConnection?>(nil)

    /// - Parameters:
    ///   - configuration: of the connection that listens, without a subscription.
    ///   - limit: waiters at the same time.
    public init(
        _ configuration: RedisConfiguration, partitioning: Partitioning, limit: Int = 100_000, on eventLoop: any EventLoop
    ) async throws {
        self.limit = limit
        self.eventLoop = eventLoop
        var configuration = configuration
        configuration.scripts = []
        configuration.subscription = RedisSubscription(
            channels: partitioning.all.map(\.finished),
            onMessage: { [weak self] message in self?.wake(named: message) },
            onListening: { [weak self] in self?.wakeAll() })
        // The stores' connection tells of a Redis that is away; this one would only repeat it.
        let quiet = Logger(label: "watch") { _ in SwiftLogNoOpLogHandler() }
        let opened = try await RedisConnection.open(configuration, on: eventLoop, logger: quiet)
        connection.withLockedValue { $0 = opened }
    }

    /// Begins to watch an order; nil where too many wait already, or the watch is closed. End it with ``end(_:)``.
    public func watch(_ order: OrderID) -> Waiter? {
        waiters.withLockedValue { waiters in
            guard !waiters.isClosed, waiters.count < limit else { return nil }
            let waiter = Waiter(order: order)
            waiters.byOrder[order, default: []].append(waiter)
            waiters.count += 1
            return waiter
        }
    }

    public func end(_ waiter: Waiter) {
        waiters.withLockedValue { waiters in
            guard var others = waiters.byOrder[waiter.order],
                let place = others.firstIndex(where: { $0 === waiter })
            else { return }
            others.remove(at: place)
            waiters.byOrder[waiter.order] = others.isEmpty ? nil : others
            waiters.count -= 1
        }
    }

    /// Waits until the order may have changed since the watch began, or the last wake-up; at most until the deadline.
    public func wait(_ waiter: Waiter, until deadline: NIODeadline) async {
        let timer = eventLoop.scheduleTask(deadline: deadline) { waiter.wake() }
        await waiter.wait()
        timer.cancel()
    }

    public var count: Int { waiters.withLockedValue { $0.count } }

    /// Wakes all waiters and takes no more; what they look at then is what they answer.
    public func close() async {
        let waiting = waiters.withLockedValue { waiters in
            waiters.isClosed = true
            return waiters.byOrder.values.flatMap(\.self)
        }
        for waiter in waiting { waiter.wake() }
        await connection.withLockedValue { $0 }?.close()
    }

    public var isClosed: Bool { waiters.withLockedValue { $0.isClosed } }

    /// The message is ids with commas between.
    private func wake(named message: [UInt8]) {
        let woken = waiters.withLockedValue { waiters -> [Waiter] in
            guard waiters.count > 0 else { return [] }
            return message.split(separator: UInt8(ascii: ",")).flatMap { bytes in
                OrderID(String(decoding: bytes, as: UTF8.self)).flatMap { waiters.byOrder[$0] } ?? []
            }
        }
        for waiter in woken { waiter.wake() }
    }

    private func wakeAll() {
        for waiter in waiters.withLockedValue({ $0.byOrder.values.flatMap(\.self) }) { waiter.wake() }
    }
}

extension OrderWatch {
    /// One who waits for an order. A wake-up that comes while nobody waits is kept for the next wait.
    public final class Waiter: Sendable {
        private enum State {
            case idle, woken
            case waiting(CheckedContinuation<Void, Never>)
        }

        public let order: OrderID
        private let state = NIOLockedValueBox(State.idle)

        init(order: OrderID) {
            self.order = order
        }

        public func wake() {
            let waiting = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
                guard case .waiting(let continuation) = state else {
                    state = .woken
                    return nil
                }
                state = .idle
                return continuation
            }
            waiting?.resume()
        }

        /// For one task at a time.
        func wait() async {
            await withCheckedContinuation { continuation in
                let isWoken = state.withLockedValue { state in
                    if case .woken = state {
                        state = .idle
                        return true
                    }
                    state = .waiting(continuation)
                    return false
                }
                if isWoken { continuation.resume() }
            }
        }
    }
}
