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
        record(Self.keys.order(id), of: id) ?? ledger.rows[id]
    }

    /// The order at a key, confirmed if a range covers it; nil if there is none or the record is of another order.
    func record(_ key: String, of id: OrderID) -> Order? {
        guard case .string(let text) = store.values[key], let order = decode(text), order.id == id else { return nil }
        guard let query = ConfirmedRange.query(for: order, in: Self.keys) else { return order }
        return order.confirmed(by: store.run(query))
    }

    /// One call changes several orders, as the calls of production do.
    func change() throws {
        let count = chance(70) ? 1 : 3
        let orders = known.shuffled(using: &generator).prefix(count).compactMap(find)
        let requests = orders.map { order in
            TransitionRequest(
                order: order.id, event: order.event, transition: chance(50) ? .confirm : .cancel,
                fallback: order.isPersisted ? order : nil)
        }
        guard !requests.isEmpty else { return }
        let replies = try current(TransitionScript(requests, queueLimit: 0))
        note("\(requests.map { "\($0.transition) \($0.order)" }): \(replies)")
        for (request, (order, reply)) in zip(requests, zip(orders, replies)) {
            guard case .outcome(let outcome) = reply else { continue }
            try check(outcome, of: request.transition, from: order)
            guard case .done(let after) = outcome else { continue }
            if request.transition == .confirm, let ends = after.expiresAt, store.now >= Int(ends.milliseconds) {
                throw fail("\(order.id) was confirmed after its deadline")
            }
            try see(after)
        }
    }

    /// Checks that a transition began from the state that a client could read.
    private func check(_ outcome: TransitionOutcome, of transition: OrderTransition, from before: Order) throws {
        let isAllowed =
            switch outcome {
            case .done: before.state == .held || before.state == .confirmed && transition == .cancel
            case .already(let present), .conflict(let present): present == before
            case .holdExpired, .orderUnknown, .recovering: true
            }
        if !isAllowed { throw fail("\(transition) of an order that is \(before.state): \(outcome)") }
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
        // After a rebuild, the ledger would have two orders of one key, both claimed within a day.
        _ = try deleteRecords(withKey: seed % 4 != 0 && chance(30))
    }

    /// Deletes the records of the batch that was settled first; false if there is none.
    func deleteRecords(withKey: Bool) throws -> Bool {
        let list = Self.keys.settled(withKey: withKey)
        guard let batch = redis("LINDEX", list, "0").string else { return false }
        let isDeleted = try run(DeleteRecordsScript(batch, withKey: withKey, retention: .zero))
        note("delete records: \(isDeleted)")
        // A key can be used again when its record is deleted.
        if isDeleted, withKey { byKey = byKey.filter { store.values[Self.keys.order($0.value)] != nil } }
        return isDeleted
    }
}
