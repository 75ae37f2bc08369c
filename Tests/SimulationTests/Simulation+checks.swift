@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// The invariants after every step and at rest.
extension Simulation {
    /// All snapshots in flight.
    var entries: [Order] {
        var orders: [Order] = []
        for list in lists.values {
            for entry in list {
                if let order = decode(entry) { orders.append(order) }
            }
        }
        return orders
    }

    func decode(_ text: String) -> Order? {
        if let known = decoded[text] { return known }
        let order = OrderCodec.decode(text)
        decoded[text] = order
        return order
    }

    /// The dead letters.
    var letters: [DeadLetter] {
        guard case .hash(let hash) = store.values[Self.keys.deadLetters] else { return [] }
        return hash.compactMap { DeadLetter(id: $0.key, Array($0.value.utf8)) }
    }

    private static let batchPrefix = keys.batch("")

    /// The queue and the leased batches.
    private var lists: [String: [String]] {
        var lists: [String: [String]] = [:]
        for (key, value) in store.values {
            if case .list(let list) = value, key == Self.keys.queue || key.hasPrefix(Self.batchPrefix) {
                lists[key] = list
            }
        }
        return lists
    }

    func check() throws {
        let entries = entries
        let letters = letters.compactMap(\.order)
        let leases = Set(redis("ZRANGE", Self.keys.leases, "0", "-1").array?.compactMap(\.string) ?? [])
        let owned = Set(leases.map { Self.keys.batch($0) })
        let batches = Set(lists.keys.filter { $0 != Self.keys.queue })
        if owned != batches { throw fail("leases \(owned) and batches \(batches)") }
        var attempts: Set<String> = []
        if case .hash(let hash) = store.values[Self.keys.attempts] { attempts = Set(hash.keys) }
        if attempts != leases { throw fail("attempts of \(attempts), leases \(leases)") }
        let ordered = Set(redis("ZRANGE", Self.keys.orderedBatches, "0", "-1").array?.compactMap(\.string) ?? [])
        if !ordered.isSubset(of: leases) { throw fail("ordered batches \(ordered), leases \(leases)") }
        let names = (entries + letters).map { EntryName(id: $0.id, version: $0.version) }
        if Set(names).count != names.count { throw fail("an entry is in two places: \(names)") }
        let inFlight = entries.count(where: \.releasesUnits)
        let releases = redis("GET", Self.keys.pendingReleases).integer ?? 0
        if releases != Int64(inFlight) { throw fail("\(releases) releases are counted, \(inFlight) are in flight") }
        // The check of the counters is the most expensive one. It runs at every fourth step and at rest.
        stepCount += 1
        guard stepCount % 4 == 0 || isAtRest else { return }
        try checkRanges()
        guard redis("GET", Self.keys.epoch).string == String(epoch), isServerOfLedger || isAtRest else { return }
        for id in [Self.plain, Self.scarce]
        where isAtRest || redis("SISMEMBER", Self.keys.published, id.description).integer == 1 {
            try check(id, inFlight: entries + letters)
            if id == Self.scarce { try checkPlaces() } else { try checkRoom() }
        }
    }

    /// Checks that ranges confirm only orders that the ledger has confirmed, and that no two orders have one number.
    private func checkRanges() throws {
        var numbers: Set<Int> = []
        for (key, value) in store.values {
            guard case .string(let text) = value, let order = decode(text), let number = order.sequence else {
                continue
            }
            if !numbers.insert(number).inserted { throw fail("two orders have the number \(number)") }
            guard let confirmed = record(key, of: order.id), confirmed.state == .confirmed else { continue }
            guard let row = ledger.rows[order.id], row.confirmedAt == confirmed.confirmedAt, row.state != .rejected
            else {
                throw fail("a range confirms \(order.id)")
            }
        }
    }

    /// Checks that the holders have the orders that are held, and no more than the event allows.
    private func checkHolders(_ id: EventID, _ terms: EventTerms) throws {
        var fields: [String: String] = [:]
        if case .hash(let hash) = store.values[Self.keys.holders(id)] { fields = hash }
        var (counted, held): ([String: String], [String: String]) = ([:], [:])
        for (field, holder) in fields where field.hasPrefix("o") { counted[String(field.dropFirst())] = holder }
        for case .string(let text) in store.values.values {
            guard let order = decode(text), order.event == id, order.state == .held else { continue }
            held[order.id.description] = "c" + (order.customer ?? "")
        }
        if counted != held { throw fail("holders of \(counted), held \(held)") }
        let holds = Dictionary(grouping: counted.values) { $0 }.mapValues(\.count)
        for (name, value) in fields where name.hasPrefix("c") {
            let present = value.split(separator: "|").dropFirst().first.flatMap { Int($0) }
            if present != holds[name, default: 0] {
                throw fail("\(name) has \(holds[name, default: 0]) holds: \(value)")
            }
        }
        // Offers are made also to customers who have as many holds.
        if let limit = terms.maxHolds, !hasLost, !hasWaitlist, holds.values.contains(where: { $0 > limit }) {
            throw fail("above the limit of holds: \(holds)")
        }
    }

    private struct EntryName: Hashable {
        var id: OrderID
        var version: Int
    }

    private func check(_ id: EventID, inFlight: [Order]) throws {
        guard let event = ledger.events[id], case .hash(let fields) = store.values[Self.keys.event(id)] else {
            throw fail("\(id) is missing")
        }
        let counts = ["stock", "pending", "held", "sold"].map { Int(fields[$0] ?? "") ?? -1000 }
        // Redis has a lower capacity before the ledger, and a higher one after it.
        let capacity = hasLost ? event.terms.capacity : number("capacity", of: id)
        if counts.contains(where: { $0 < 0 }) || counts.reduce(0, +) != capacity && !hasLost {
            throw fail("\(id) has \(counts) of \(capacity)")
        }
        try checkCapacity(id)
        if event.terms.countsHolders { try checkHolders(id, event.terms) }
        // The expected counters by the rule of production.
        let snapshots = inFlight.filter { $0.event == id }
        let expected = ExpectedCounts(
            LedgerEvent(
                id: id, terms: event.terms, held: event.held, sold: event.sold, generation: event.generation,
                publishedGeneration: event.generation),
            rows: Dictionary(
                snapshots.compactMap { order in ledger.rows[order.id].map { (order.id, $0) } }
            ) { $1 }.mapValues {
                OrderVersion(state: $0.state, version: $0.version)
            },
            EventSurvey(
                counts: UnitCounts(available: counts[0], pending: counts[1], held: counts[2], sold: counts[3]),
                capacity: capacity, snapshots: snapshots, unreadable: 0))
        if expected.drift != UnitCounts() { throw fail("\(id) drifts: \(expected.drift)") }
    }

    /// Workers finish their batches, and others reclaim the rest, until nothing is in flight.
    func rest() throws {
        for index in workers.indices where chance(50) { workers[index] = .idle }
        for round in 0..<400 {
            if lists.isEmpty, letters.isEmpty, redis("EXISTS", Self.keys.holds(Self.scarce)).integer == 0 {
                if workers.allSatisfy({ if case .idle = $0 { true } else { false } }) { return }
            }
            store.now += 400
            try expireHolds()
            try restPlaces()
            for index in workers.indices { try work(index) }
            try takeOver(finishing: true)
            for letter in letters { try requeue(letter) }
            if round > 350 { note("still \(lists)") }
            try check()
        }
        throw fail("the queue does not drain: \(lists)")
    }

    func checkAtRest() throws {
        isAtRest = true
        try check()
        for id in accepted {
            guard let row = ledger.rows[id] else { throw fail("\(id) is lost") }
            guard row.state != .rejected || hasLost else { throw fail("\(id) is rejected") }
            if let final = finals[id], row.state != final { throw fail("\(id) changed from \(final) to \(row.state)") }
        }
        for id in known {
            guard let order = record(Self.keys.order(id), of: id), let row = ledger.rows[id] else { continue }
            guard order.state == row.state, order.isPersisted, order.confirmedAt == row.confirmedAt else {
                throw fail("\(order), in the ledger \(row)")
            }
        }
        for id in ledger.rows.keys where !known.contains(id) && !hasLost { throw fail("\(id) was never claimed") }
        if store.values[Self.keys.orderedBatches] != nil { throw fail("ordered batches remain") }
        for (id, event) in ledger.events {
            let rows = ledger.rows.values.filter { $0.event == id }
            let sold = rows.filter { $0.state == .confirmed }.reduce(0) { $0 + $1.quantity }
            if event.sold != sold || event.sold + event.held > event.terms.capacity {
                throw fail("\(event), rows \(sold)")
            }
            var counts: [String: Int] = [:]
            for row in rows where row.state.holdsUnits { counts[row.customer ?? "", default: 0] += row.quantity }
            var inRedis: [String: Int] = [:]
            if case .hash(let hash) = store.values[Self.keys.customers(id)] {
                inRedis = hash.compactMapValues { Int($0) }
            }
            if counts != inRedis { throw fail("customers \(counts), in Redis \(inRedis)") }
            if let limit = event.terms.customerLimit, counts.values.contains(where: { $0 > limit }) {
                throw fail("above the limit: \(counts)")
            }
        }
    }
    /// Deletes all records of settled orders, and checks that nothing remains. After a rebuild the records come from the
    /// ledger, and are not in settled batches.
    func checkDeletion() throws {
        guard seed % 4 != 0, !wasRebuilt else { return }
        while try deleteRecords(withKey: chance(50)) || deleteRecords(withKey: true) || deleteRecords(withKey: false) {}
        let prefix = String(Self.keys.order(OrderID(milliseconds: 0, partition: 0, random: 0)).dropLast(17))
        let ranges = [false, true].map { Self.keys.confirmed(withKey: $0) }
        let rest = store.values.keys.filter { $0.hasPrefix(prefix) || ranges.contains($0) }
        if !rest.isEmpty { throw fail("\(rest) remain") }
    }
}
