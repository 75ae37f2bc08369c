import DequeModule
import Domain
import Engine
import NIOCore
import RedisClient

/// The reads of orders from Redis on one event loop: only so many at a time, so that many clients whose waits end together
/// do not exceed the connection's limit, and one for all who look at the same order in the same turn of the event loop.
/// Used on its event loop only.
final class OrderReads {
    typealias Completion = (Result<Order?, RedisError>) -> Void

    /// Simultaneous reads. Each has up to 4 commands, and a connection takes 10,000.
    private static let limit = 1_000

    private let inventory: Inventory
    private let eventLoop: any EventLoop
    private var running = 0
    private var waiting = Deque<(OrderID, Completion)>()
    private var looks: [OrderID: [Completion]] = [:]

    init(_ inventory: Inventory, on eventLoop: any EventLoop) {
        self.inventory = inventory
        self.eventLoop = eventLoop
    }

    /// Reads an order. What is read is not older than this call.
    func read(_ order: OrderID, completion: @escaping Completion) {
        guard running < Self.limit else { return waiting.append((order, completion)) }
        running += 1
        inventory.readOrder(order, on: eventLoop) { [self] result in
            running -= 1
            completion(result)
            if let (order, completion) = waiting.popFirst() { read(order, completion: completion) }
        }
    }

    /// As ``read(_:completion:)``, at the end of the event loop's turn, together with the others of the same order.
    func look(at order: OrderID, completion: @escaping Completion) {
        if looks.isEmpty {
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            eventLoop.execute { bound.value.look() }
        }
        looks[order, default: []].append(completion)
    }

    private func look() {
        let due = looks
        looks = [:]
        for (order, completions) in due {
            read(order) { result in for completion in completions { completion(result) } }
        }
    }
}
