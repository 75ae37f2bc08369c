@testable import Domain
@testable import Engine
@testable import RedisSchema
@testable import Timing

/// Claims, changes of orders, and the expiry of holds.
extension Simulation {
    func claim() throws {
        let purchases = (0..<Int.random(in: 1...3, using: &generator)).map { _ in purchase() }
        guard try !claim(purchases), isReplicated else { return }
        try repeatElsewhere { _ = try claim(purchases.filter(\.id.isMadeFromKey)) }
    }

    /// After a wait that was too short, the request is sent again by another program. A failover can follow at once.
    private func repeatElsewhere(_ request: () throws -> Void) throws {
        guard chance(60) else { return }
        connection = (connection + 1) % Self.connections
        try request()
        if chance(50) { try promote() }
    }

    /// Whether the replica has what was claimed.
    private func claim(_ purchases: [Purchase]) throws -> Bool {
        guard !purchases.isEmpty else { return true }
        let isReserved = isReserved
        let outcomes = try current(ClaimScript(purchases, queueLimit: 40))
        let isReplicated = !guards.waitsForClaims || waitForReplica()
        let isLost = chance(8) || !isReplicated
        for (purchase, outcome) in zip(purchases, outcomes) {
            note(
                "claim \(purchase.event) \(purchase.quantity) \(purchase.customer ?? "-"): \(outcome)\(isLost ? " lost" : "")"
            )
            if case .inLedger(let first) = outcome {
                guard byKey[purchase.id.low] == first, ledger.rows[first] != nil else {
                    throw fail("a key led to \(first), which the ledger lacks or which is not its order")
                }
            }
            guard case .accepted(let acceptance) = outcome else { continue }
            if isReserved, purchase.event == Self.scarce, !acceptance.isReplay {
                throw fail("a walk-in got what the waiting list can have")
            }
            if !acceptance.isReplay { try checkPass(of: purchase) }
            if !known.contains(acceptance.order) { known.append(acceptance.order) }
            if purchase.id.isMadeFromKey {
                if let first = byKey[purchase.id.low], first != acceptance.order {
                    throw fail("one key led to \(first) and \(acceptance.order)")
                }
                byKey[purchase.id.low] = acceptance.order
            }
            if !isLost, !accepted.contains(acceptance.order) { accepted.append(acceptance.order) }
        }
        return isReplicated
    }

    func purchase() -> Purchase {
        nextID += 1
        let isKeyed = chance(30)
        // The event, the quantity and the customer follow from the key, so that repeated requests are equal.
        let key = UInt64.random(in: 0..<6, using: &generator)
        let of = isKeyed ? key : UInt64.random(in: 0..<1000, using: &generator)
        var purchase = Purchase(
            id: OrderID(
                milliseconds: UInt64(store.now) + nextID, partition: 0,
                random: isKeyed ? 0x2000_0000_0000_0000 | key : nextID << 20),
            event: of % 2 == 0 ? Self.plain : Self.scarce, quantity: 1 + Int(of % 3) / 2, customer: "c\(of % 4)")
        if hasRoom, purchase.event == Self.plain { purchase.pass = admissionPass() }
        return purchase
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
        guard !requests.isEmpty, try !change(requests, of: orders), isReplicated else { return }
        try repeatElsewhere { _ = try change(requests, of: orders.map { find($0.id) ?? $0 }) }
    }

    /// Whether the replica has the changes.
    private func change(_ requests: [TransitionRequest], of orders: [Order]) throws -> Bool {
        let replies = try current(TransitionScript(requests, queueLimit: 0))
        let isReplicated = !guards.waitsForClaims || waitForReplica()
        note("\(requests.map { "\($0.transition) \($0.order)" }): \(replies)\(isReplicated ? "" : " short")")
        for (request, (order, reply)) in zip(requests, zip(orders, replies)) {
            guard case .outcome(let outcome) = reply else { continue }
            try check(outcome, of: request.transition, from: order)
            if isReplicated { acknowledge(outcome) }
            guard case .done(let after) = outcome else { continue }
            if request.transition == .confirm, let ends = after.expiresAt, store.now >= Int(ends.milliseconds) {
                throw fail("\(order.id) was confirmed after its deadline")
            }
            try see(after)
        }
        return isReplicated
    }

    func acknowledge(_ outcome: TransitionOutcome) {
        guard isReplicated else { return }
        switch outcome {
        case .done(let order), .already(let order):
            if order.state.isFinal { acknowledgedFinals[order.id] = order.state }
        default: break
        }
    }

    /// Checks that a transition began from the state that a client could read.
    private func check(_ outcome: TransitionOutcome, of transition: OrderTransition, from before: Order) throws {
        let isAllowed =
            switch outcome {
            case .done:
                before.state == .held || [.confirmed, .waiting].contains(before.state) && transition == .cancel
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
        // If Redis loses data, records with a key go early only. Otherwise the ledger would have two orders of one key after a
        // rebuild, both claimed within a day.
        _ = try deleteRecords(withKey: chance(30), isEarly: seed % 4 == 0 || seed % 5 == 0 || isReplicated)
    }

    /// Deletes the records of the batch that was settled first; false if there is none.
    ///
    /// - Parameter isEarly: whether the idempotency keys are still valid.
    func deleteRecords(withKey: Bool, isEarly: Bool = false) throws -> Bool {
        let list = Self.keys.settled(withKey: withKey)
        guard let batch = redis("LINDEX", list, "0").string else { return false }
        let deleted = try run(
            DeleteRecordsScript(
                batch, withKey: withKey, retention: .zero, keyRetention: isEarly ? .seconds(86_400) : nil))
        note("delete records: \(deleted ?? -1), early: \(isEarly)")
        let isDeleted = deleted != nil
        // A key can be used again when its record is deleted.
        if isDeleted, withKey, !isEarly { byKey = byKey.filter { store.values[Self.keys.order($0.value)] != nil } }
        return isDeleted
    }
}
