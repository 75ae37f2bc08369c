@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// The waiting list of an event: customers join and leave, and offers are made, confirmed, and lapse.
extension Simulation {
    /// Whether the scarce event has a waiting list in this run.
    var hasWaitlist: Bool { seed % 16 == 9 || seed % 32 == 4 }

    /// The offers of units that a place can have have to be made before a walk-in gets one of them.
    var isReserved: Bool {
        guard hasWaitlist, let wish = smallestWish else { return false }
        return number("stock", of: Self.scarce) >= wish
    }

    private static let limit = 6

    /// The places by their orders, with their scores.
    private var places: [String: Double] {
        guard case .sorted(let places) = store.values[Self.keys.waiting(Self.scarce)] else { return [:] }
        return places
    }

    private var smallestWish: Int? { places.values.min().map { Int($0) >> 42 } }

    func join() throws {
        let joins = (0..<Int.random(in: 1...2, using: &generator)).map { _ in place() }
        let (isReserved, stock) = (isReserved, number("stock", of: Self.scarce))
        let outcomes = try current(WaitScript(joins, queueLimit: 40, placeLimit: Self.limit))
        let isLost = chance(8)
        for (place, outcome) in zip(joins, outcomes) {
            note("join \(place.quantity) \(place.customer ?? "-"): \(outcome)\(isLost ? " lost" : "")")
            switch outcome {
            case .joined(let id):
                known.append(id)
                if !isLost { accepted.append(id) }
                if !isReserved, place.quantity <= stock { throw fail("\(id) waits for what can be bought") }
            case .replayed, .inLedger: throw fail("a place without a key was replayed")
            case .refused: break
            }
        }
    }

    private func place() -> Purchase {
        nextID += 1
        let of = Int.random(in: 0..<1000, using: &generator)
        return Purchase(
            id: OrderID(milliseconds: UInt64(store.now) + nextID, partition: 0, random: nextID << 20),
            event: Self.scarce,
            quantity: 1 + of % 3, customer: "c\(of % 5)")
    }

    /// A worker makes offers. Another one may have been faster since it read which places are next.
    func makeOffers() throws {
        if staleNext.isEmpty || chance(60) {
            staleNext = try current(OfferScript([], of: Self.scarce)).next
            guard chance(80) else { return }
        }
        let before = places
        let reply = try current(OfferScript(Array(staleNext.prefix(OfferScript.sizeLimit)), of: Self.scarce))
        note("offers to \(staleNext): \(reply)")
        if places.count != before.count - reply.offered - reply.ended { throw fail("places \(before), then \(places)") }
        staleNext = reply.next
    }

    private func makeAllOffers() throws {
        var next: [OrderID] = []
        repeat {
            next = try current(OfferScript(next, of: Self.scarce)).next
        } while !next.isEmpty
        if isReserved { throw fail("units are neither for sale nor offered") }
    }

    /// The sale ends, and with it the places.
    func endSale() throws {
        ledger.events[Self.scarce]?.terms.closesAt = Timestamp(milliseconds: Int64(store.now))
        try publishChange(Self.scarce)
        try makeAllOffers()
        if !places.isEmpty { throw fail("\(places) remain after the sale") }
        try rest()
    }

    /// Whether the list needs nothing more, for the end of a run.
    func restPlaces() throws { if hasWaitlist { try makeAllOffers() } }

    func checkPlaces() throws {
        guard hasWaitlist else { return }
        var (waiting, waiters): ([String: Double], [String: String]) = ([:], [:])
        for (key, value) in store.values where key.hasPrefix(Self.keys.orderPrefix) {
            guard case .string(let text) = value, let order = decode(text), order.state == .waiting else { continue }
            waiting[order.id.description] = Double(order.quantity << 42 + Int(order.claimedAt.milliseconds))
            waiters[order.customer ?? ""] = order.id.description
        }
        if waiting != places { throw fail("places \(places), orders that wait \(waiting)") }
        var found: [String: String] = [:]
        if case .hash(let hash) = store.values[Self.keys.waiters(Self.scarce)] { found = hash }
        if found != waiters { throw fail("waiters \(found), orders that wait \(waiters)") }
        if number("waiting", of: Self.scarce) != waiting.count { throw fail("\(waiting) wait") }
        if case .hash(let units) = store.values[Self.keys.customers(Self.scarce)], !hasLost,
            let limit = ledger.events[Self.scarce]?.terms.customerLimit,
            units.values.contains(where: { Int($0) ?? 0 > limit })
        {
            throw fail("above the limit: \(units)")
        }
        guard isReserved else { return }
        let due = redis("ZSCORE", Self.keys.offersDue, Self.scarce.description).string.flatMap { Int($0) }
        guard let due, due <= store.now else { throw fail("no offer of \(places) is due") }
    }
}
