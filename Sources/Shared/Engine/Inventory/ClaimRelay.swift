package import Domain
import NIOCore
package import RedisClient
import RedisSchema

/// Claims of one event loop: finds the ids of purchases with idempotency keys, and takes the claims to the group callers (see
/// ``GroupRelay``). Used on its event loop only.
package final class ClaimRelay {
    package typealias Completion = (Result<ClaimOutcome, RedisError>) -> Void

    private let inventory: Inventory
    private let eventLoop: any EventLoop
    private let relay: GroupRelay<ClaimScript>

    init(_ inventory: Inventory, on eventLoop: any EventLoop) {
        self.inventory = inventory
        self.eventLoop = eventLoop
        relay = GroupRelay(inventory, to: \.claims, on: eventLoop)
    }

    /// As ``Inventory/claim(_:)``. The completion is called exactly once, on the event loop.
    package func claim(_ purchase: Purchase, completion: @escaping Completion) {
        guard purchase.otherID != nil else { return relay.add(purchase, of: purchase.event, completion: completion) }
        let node = inventory.client.node(of: inventory.partitioning.home(of: purchase.event).slot)
        guard let connection = node.connection(on: eventLoop) else {
            return completion(
                .failure(RedisError(.notConnected, "the event loop has no connection", mayHaveRun: false)))
        }
        inventory.findID(of: purchase, on: connection) { result in
            switch result {
            case .success(let purchase?): self.relay.add(purchase, of: purchase.event, completion: completion)
            case .success(nil): completion(.success(.refused(.recovering)))
            case .failure(let error): completion(.failure(error))
            }
        }
    }
}
