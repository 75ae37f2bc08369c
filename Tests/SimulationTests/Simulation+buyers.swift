@testable import Domain
@testable import Engine
@testable import RedisSchema
@testable import Timing

/// Claims, changes of orders, and the expiry of holds.
extension Simulation {
    func claim() throws {
        let purchases = (0..<Int.random(in: 1...3, using: &generator)).map { _ in purchase() }
        let outcomes = try current(ClaimScript(purchases, queueLimit: 40))
        let isLost = chance(8)
        for (purchase, outcome) in zip(purchases, outcomes) {
            note(
                "claim \(purchase.event) \(purchase.quantity) \(purchase.customer ?? "-"): \(outcome)\(isLost ? " lost" : "")"
            )
            guard case .accepted(let acceptance) = outcome else { continue }
            if !known.contains(acceptance.order) { known.append(acceptance.order) }
            if purchase.id.isMadeFromKey {
                if let first = byKey[purchase.id.low], first != acceptance.order {
                    throw fail("one key led to \(first) and \(acceptance.order)")
                }
                byKey[purchase.id.low] = acceptance.order
            }
            if !isLost, !accepted.contains(acceptance.order) { accepted.append(acceptance.order) }
        }
    }

    private func purchase() -> Purchase {
        nextID += 1
        let isKeyed = chance(30)
        // The event, the quantity and the customer follow from the key, so that repeated requests are equal.
        let key = UInt64.random(in: 0..<6, using: &generator)
        let of = isKeyed ? key : UInt64.random(in: 0..<1000, using: &generator)
        return Purchase(
            id: OrderID(
                milliseconds: UInt64(store.now) + nextID, partition: 0,
                random: isKeyed ? 0x2000_0000_0000_0000 | key : nextID << 20),
            event: of % 2 == 0 ? Self.plain : Self.scarce, quantity: 1 + Int(of % 3) / 2, customer: "c\(of % 4)")
    }

    /// The order that `GET /orders` returns.
    func find(_ id: OrderID) -> Order? {
        if let text = redis("GET", Self.keys.order(id)).string, let order = OrderCodec.decode(text), order.id == id {
            return order
        }
        return ledger.rows[id]
    }

    func change() throws {
        guard let id = known.randomElement(using: &generator), let order = find(id) else { return }
        let transition: OrderTransition = chance(50) ? .confirm : .cancel
        let request = TransitionRequest(
            order: id, event: order.event, transition: transition, fallback: order.isPersisted ? order : nil)
        let replies = try current(TransitionScript([request], queueLimit: 0))
        note("\(transition) \(id): \(replies)")
        guard case .outcome(let outcome) = replies[0] else { return }
        if case .done(let after) = outcome {
            if transition == .confirm, let ends = after.expiresAt, store.now >= Int(ends.milliseconds) {
                throw fail("\(id) was confirmed after its deadline")
            }
            try see(after)
        }
    }

    /// Checks that a final state does not change.
    func see(_ order: Order) throws {
        if let final = finals[order.id], final != order.state {
            throw fail("\(order.id) changed from \(final) to \(order.state)")
        }
        if order.state.isFinal { finals[order.id] = order.state }
    }

    func expireHolds() throws {
        let holds = Self.keys.holds(Self.scarce)
        let due = redis("ZRANGE", holds, "-inf", String(store.now), "BYSCORE", "LIMIT", "0", "10").array ?? []
        let replies = try current(TransitionScript(expiring: due.compactMap(\.string), of: Self.scarce))
        note("expiry: \(replies.count)")
        for case .outcome(.done(let order)) in replies {
            guard order.state == .expired else { throw fail("the expiry changed an order to \(order.state)") }
            try see(order)
        }
    }

    func deleteRecords() throws {
        guard let batch = redis("LINDEX", Self.keys.settled, "0").string else { return }
        let isDeleted = try run(DeleteRecordsScript(batch, in: Self.keys.settled, retention: .zero))
        note("delete records: \(isDeleted)")
    }
}
