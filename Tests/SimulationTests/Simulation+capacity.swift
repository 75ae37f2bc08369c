import TestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// Changes of capacities while orders are claimed, returned and settled. A change can end between its steps.
extension Simulation {
    func changeCapacity() throws {
        let id = chance(50) ? Self.plain : Self.scarce
        if unpublished.contains(id), chance(40) { return try publishChange(id) }
        guard let capacity = ledger.events[id]?.terms.capacity else { return }
        if lowering[id] == nil, chance(40) {
            guard capacity < 14 else { return }
            try changeLedger(id, to: capacity + Int.random(in: 1...3, using: &generator))
        } else {
            let less = Int.random(in: 1...4, using: &generator)
            try lower(id, to: lowering[id] ?? max(0, capacity - less))
        }
    }

    private func lower(_ id: EventID, to capacity: Int) throws {
        guard let locked = ledger.lock(id) else { return }
        let script = LowerCapacityScript(id, generation: 1, capacity: capacity, revision: locked.revision)
        let before = number("capacity", of: id) - number("stock", of: id)
        let outcome = try run(script)
        note("lower \(id) to \(capacity): \(outcome)")
        switch outcome {
        case .done:
            lowering[id] = nil
            // The process ends before the ledger commits.
            if chance(10) { unpublished.insert(id) } else { try changeLedger(id, to: capacity) }
        case .releasesInFlight:
            unpublished.insert(id)
            lowering[id] = capacity
        case .inUse(let claimed):
            guard claimed == before, claimed > capacity else { throw fail("\(capacity) of \(id) is not in use") }
            lowering[id] = nil
        case .notLoaded: throw fail("\(id) is not loaded")
        }
    }

    private func changeLedger(_ id: EventID, to capacity: Int) throws {
        if let event = ledger.events[id], event.held + event.sold > capacity {
            throw fail("the ledger refuses the capacity \(capacity) of \(event)")
        }
        note("the capacity of \(id) is \(capacity) in the ledger")
        ledger.events[id]?.terms.capacity = capacity
        ledger.events[id]?.changes += 1
        unpublished.insert(id)
    }

    /// Brings Redis to the ledger's capacity.
    func publishChange(_ id: EventID) throws {
        guard let locked = ledger.lock(id) else { return }
        let outcome = try run(PublishScript(EventPublication(locked, room: roomMarks(of: id))))
        note("publish \(id): \(outcome)")
        guard outcome == .published else { throw fail("\(id) was not published: \(outcome)") }
        unpublished.remove(id)
        lowering[id] = nil
    }

    func publishAllChanges() throws { for id in unpublished { try publishChange(id) } }

    /// A field of an event in Redis.
    func number(_ field: String, of id: EventID) -> Int {
        Int(redis("HGET", Self.keys.event(id), field).string ?? "") ?? 0
    }

    /// Redis never has more to sell than the ledger; at rest, the ledger has every return.
    func checkCapacity(_ id: EventID) throws {
        guard seed % 4 != 0, let capacity = ledger.events[id]?.terms.capacity else { return }
        let present = number("capacity", of: id)
        if present > capacity { throw fail("\(id) has \(present) in Redis and \(capacity) in the ledger") }
        let (returned, recorded) = (number("returned", of: id), number("recorded", of: id))
        if recorded > returned || isAtRest && recorded != returned {
            throw fail("\(recorded) of \(returned) returns of \(id) are recorded")
        }
        if isAtRest, present != capacity { throw fail("\(id) has \(present) of \(capacity)") }
    }
}
