package import Domain
import NIOCore
package import RedisClient
import RedisSchema

/// Takes the claims of one event loop to the group callers and brings their outcomes back, with one hop in each direction
/// for all claims of a turn of the loop. Used on its event loop only.
package final class ClaimRelay {
    package typealias Completion = (Result<ClaimOutcome, RedisError>) -> Void

    private let inventory: Inventory
    private let eventLoop: any EventLoop
    private var purchases: [Purchase] = []
    private var completions: [Completion] = []

    init(_ inventory: Inventory, on eventLoop: any EventLoop) {
        self.inventory = inventory
        self.eventLoop = eventLoop
    }

    /// As ``Inventory/claim(_:)``. The completion is called exactly once, on the event loop.
    package func claim(_ purchase: Purchase, completion: @escaping Completion) {
        guard purchase.otherID != nil else { return claimNow(purchase, completion: completion) }
        let node = inventory.client.node(of: inventory.partitioning.home(of: purchase.event).slot)
        guard let connection = node.connection(on: eventLoop) else {
            return completion(
                .failure(RedisError(.notConnected, "the event loop has no connection", mayHaveRun: false)))
        }
        inventory.findID(of: purchase, on: connection) { result in
            switch result {
            case .success(let purchase?): self.claimNow(purchase, completion: completion)
            case .success(nil): completion(.success(.refused(.recovering)))
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private func claimNow(_ purchase: Purchase, completion: @escaping Completion) {
        guard !inventory.eventLoop.inEventLoop else {
            return inventory.claims(for: purchase).add(purchase, completion: completion)
        }
        purchases.append(purchase)
        completions.append(completion)
        // At the end of this turn, so that the hop carries every claim that is read in it.
        if purchases.count == 1 { eventLoop.assumeIsolated().execute { self.sendAway() } }
    }

    private func sendAway() {
        let (purchases, completions) = (purchases, NIOLoopBound(completions, eventLoop: eventLoop))
        self.purchases.removeAll(keepingCapacity: true)
        self.completions = []
        inventory.eventLoop.execute { [inventory, eventLoop] in
            let outcomes = Outcomes(of: completions, from: inventory.eventLoop, to: eventLoop)
            for (index, purchase) in purchases.enumerated() {
                inventory.claims(for: purchase).add(purchase) { outcomes.add($0, of: index) }
            }
        }
    }

    /// The outcomes of the claims of one hop, which can belong to several groups. Used on the group callers' event loop.
    private final class Outcomes {
        private let completions: NIOLoopBound<[Completion]>
        private let source: any EventLoop
        private let destination: any EventLoop
        private var known: [(index: Int, outcome: Result<ClaimOutcome, RedisError>)] = []

        init(of completions: NIOLoopBound<[Completion]>, from source: any EventLoop, to destination: any EventLoop) {
            self.completions = completions
            self.source = source
            self.destination = destination
        }

        func add(_ outcome: Result<ClaimOutcome, RedisError>, of index: Int) {
            known.append((index, outcome))
            // At the end of this turn, in which the whole group completes.
            if known.count == 1 { source.assumeIsolated().execute { self.sendBack() } }
        }

        private func sendBack() {
            let known = known
            self.known = []
            destination.execute { [completions] in
                for (index, outcome) in known { completions.value[index](outcome) }
            }
        }
    }
}
