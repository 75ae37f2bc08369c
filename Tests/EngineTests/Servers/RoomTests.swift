import Foundation
import RedisClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// Waiting rooms on a real Redis and a real PostgreSQL.
@Suite(.timeLimit(.minutes(10))) struct RoomTests {
    /// Stores with the event `demo`, whose sale is open, and a keeper that works on demand.
    func withRoom(
        _ terms: EventTerms = EventTerms(name: "Demo", capacity: 1000, admissionRate: 50), redis: RedisServer? = nil,
        _ body: (TestStores, Keeper) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis) { test in
            try await test.catalogue.ensure(.demo, terms)
            try await body(test, Keeper(test))
        }
    }

    /// A keeper of partition 0 with its memory.
    actor Keeper {
        private let rooms: RoomKeeper
        private var memory = RoomKeeper.Memory()

        init(_ test: TestStores) { rooms = RoomKeeper(test.partition, ledger: test.ledger) }

        /// Rounds until the ledger and Redis have the same marks.
        func round() async throws {
            var memory = memory
            while try await rooms.round(&memory) == .atOnce {}
            self.memory = memory
        }
    }

    func reading(_ test: TestStores) async throws -> RoomReading {
        try #require(try await test.inventory.room(of: .demo, after: 0, through: test.stores.redis))
    }

    func counters(_ test: TestStores) async throws -> RoomReading.Counters {
        try #require(try await reading(test).counters)
    }

    /// Rounds until so many people are admitted.
    func admit(_ count: Int, _ test: TestStores, _ keeper: Keeper) async throws {
        try await eventually("\(count) are admitted") {
            try await keeper.round()
            return try await counters(test).admitted == count
        }
    }

    func join(_ test: TestStores, _ name: String? = nil, former: Int? = nil) async throws -> JoinOutcome {
        try await test.inventory.join(JoinRequest(event: .demo, name: name, former: former))
    }

    func number(_ outcome: JoinOutcome) throws -> Int {
        guard case .joined(let number, _, _) = outcome else { throw GaveUp(description: "\(outcome)") }
        return number
    }

    func later(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: Timestamp.now.milliseconds + seconds * 1000)
    }

    // MARK: Places

    @Test func numbersAreConsecutiveAndANameKeepsItsNumber() async throws {
        try await withRoom { test, keeper in
            #expect(try await join(test) == .busy, "the ledger has allowed no number yet")
            try await keeper.round()
            let outcomes = try await withThrowingTaskGroup(of: JoinOutcome.self) { group in
                for index in 0..<300 { group.addTask { try await join(test, index < 200 ? "n\(index % 100)" : nil) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let numbers = try outcomes.map(number)
            #expect(Set(numbers) == Set(1...200), "a hundred names and a hundred without one")
            #expect(outcomes.count { if case .joined(_, _, true) = $0 { true } else { false } } == 100)
            let ann = try number(try await join(test, "ann"))
            #expect(try await join(test, "ann") == .joined(number: ann, generation: 1, isReplay: true))
            #expect(try await join(test, "ann", former: ann + 1) == .joined(number: ann, generation: 1, isReplay: true))
            #expect(
                try await join(test, "ann", former: ann) == .joined(number: ann + 1, generation: 1, isReplay: false))
            #expect(try await test.redis("HLEN", test.keys.places(.demo)).integer == 101)
        }
    }

    @Test func noNumberIsAboveTheMarkOfTheLedger() async throws {
        try await withRoom { test, keeper in
            try await keeper.round()
            let outcomes = try await withThrowingTaskGroup(of: JoinOutcome.self) { group in
                for _ in 0..<1100 { group.addTask { try await join(test) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(outcomes.compactMap { try? number($0) }) == Set(1...1000))
            #expect(outcomes.count { $0 == .busy } == 100)
            #expect(try await test.ledger.room(of: .demo, generation: 1)?.marks.numbersUntil == 1000)
            try await keeper.round()
            #expect(try number(try await join(test)) == 1001)
        }
    }

    @Test func aRoomRefusesWhoComesTooEarlyOrTooLate() async throws {
        let (lobby, opens) = (later(1000), later(2000))
        try await withRoom(
            EventTerms(name: "Demo", capacity: 10, admissionRate: 1, lobbyOpensAt: lobby, opensAt: opens)
        ) { test, _ in
            guard case .notOpen(let time, _) = try await join(test) else { throw GaveUp(description: "joined") }
            #expect(time == lobby)
            _ = try await test.catalogue.put(
                .demo, EventChange(lobbyOpensAt: .some(nil), opensAt: .some(nil), closesAt: later(-10)))
            #expect(try await join(test) == .closed)
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: .some(nil), closesAt: .some(nil)))
            #expect(try await join(test) == .noRoom)
            let unknown = try #require(EventID("unknown"))
            #expect(try await test.inventory.join(JoinRequest(event: unknown)) == .eventUnknown)
        }
    }

    @Test func aLobbyMustOpenBeforeTheSale() async throws {
        try await withTestStores { test in
            for change in [
                EventChange(capacity: 1, lobbyOpensAt: later(10)),
                EventChange(capacity: 1, lobbyOpensAt: later(10), opensAt: later(5)),
            ] {
                let error = await #expect(throws: CatalogueError.self) { try await test.catalogue.put(.demo, change) }
                guard case .invalid("lobby_opens_at", _) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    // MARK: The draw

    @Test func theLobbyIsDrawnWhenTheSaleOpens() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 10, admissionRate: 1000, opensAt: later(3600))
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<5 { _ = try await join(test) }
            try await keeper.round()
            #expect(try await counters(test).draw == nil)
            #expect(try await counters(test).stop == .notOpen)
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: later(-1)))
            // The place that finds the sale open is not in the lobby.
            #expect(try number(try await join(test)) == 6)
            #expect(try await test.redis("HGET", test.keys.room(.demo), "lobby").integer == 5)
            #expect(try await counters(test).draw == nil, "the ledger does not have it yet")
            #expect(try await counters(test).admitted == 0)
            try await keeper.round()
            #expect(try await counters(test).draw?.lobby == 5)
            #expect(try await test.ledger.room(of: .demo, generation: 1)?.marks.draw?.lobby == 5)
        }
    }

    // MARK: Admission

    @Test func peopleAreAdmittedAtTheRate() async throws {
        try await withRoom { test, keeper in
            try await keeper.round()
            for _ in 0..<400 { _ = try await join(test) }
            try await eventually("a hundred people are admitted") {
                try await keeper.round()
                return try await counters(test).admitted >= 100
            }
            let ticks = try await counters(test).ticks
            #expect(ticks.first?.from == 0)
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.to == $1.from }, "no rank is left out")
            let times = ticks.map(\.end.milliseconds)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 200 })
            // On a slow machine less.
            for (index, tick) in ticks.enumerated() {
                for other in ticks[(index + 1)...] {
                    let due = Double(other.end.milliseconds - tick.end.milliseconds) * 50 / 1000
                    #expect(Double(other.to - tick.to) <= due + 1)
                    if zip(times, times.dropFirst()).allSatisfy({ $1 - $0 < 1000 }) {
                        #expect(Double(other.to - tick.to) >= due * 0.98 - 1)
                    }
                }
            }
        }
    }

    @Test func asManyPassesAsUnitsAreValid() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 3, admissionRate: 1000, passSeconds: 10)
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<10 { _ = try await join(test) }
            try await eventually("as many people are admitted as units are there") {
                try await keeper.round()
                return try await counters(test).stop == .passes
            }
            #expect(try await counters(test).admitted == 3)
            #expect(try await counters(test).outstanding == 3)
            // Passes that end unused come back.
            try await admit(6, test, keeper)
            #expect(try await counters(test).outstanding == 3)
            #expect(try await counters(test).ticks.allSatisfy { $0.from >= 3 })
        }
    }

    @Test func admissionStandsStillForAReason() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 2, holdSeconds: 600, admissionRate: 1000)
        ) { test, keeper in
            func stop() async throws -> RoomStop? {
                try await keeper.round()
                return try await counters(test).stop
            }
            try await keeper.round()
            #expect(try await stop() == .empty)
            for _ in 0..<10 { _ = try await join(test) }
            _ = try await test.catalogue.put(.demo, EventChange(paused: true))
            #expect(try await stop() == .paused)
            _ = try await test.catalogue.put(.demo, EventChange(paused: false))
            try await admit(2, test, keeper)
            for number in 1...2 {
                var purchase = test.purchase()
                purchase.pass = try await pass(test, number)
                _ = try await test.acceptance(of: purchase)
            }
            #expect(try await stop() == .allHeld)
            #expect(try await counters(test).outstanding == 0)
            _ = try await test.catalogue.put(.demo, EventChange(closesAt: later(-1)))
            #expect(try await stop() == .closed)
        }
    }

    /// Nobody is admitted for units that the waiting list gets.
    @Test func nobodyIsAdmittedForWhatTheListWants() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 3, holdSeconds: 600, hasWaitlist: true))
            let orders = [try await test.hold(), try await test.hold(quantity: 2)]
            var generator = SystemRandomNumberGenerator()
            let wish = test.inventory.makePlace(
                on: .demo, quantity: 2, customer: "ann", idempotencyKey: nil, at: .now, using: &generator)
            _ = try await test.inventory.join(try #require(wish))
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: 1000))
            let keeper = Keeper(test)
            try await keeper.round()
            for _ in 0..<10 { _ = try await join(test) }

            _ = try await test.inventory.change(orders[1], by: .cancel)
            try await keeper.round()
            #expect(try await counters(test).stop == .allHeld, "two units are free, which ann wants")
            _ = try await OfferMaker(test.partition).makeDue()
            _ = try await test.inventory.change(orders[0], by: .cancel)
            try await admit(1, test, keeper)
        }
    }

    /// What is queued and does not reach the ledger stops the admission.
    @Test func admissionWaitsForTheLedger() async throws {
        try await withRoom { test, keeper in
            try await keeper.round()
            _ = try await join(test)
            try await admit(1, test, keeper)
            var purchase = test.purchase()
            purchase.pass = try await pass(test, 1)
            _ = try await test.acceptance(of: purchase)
            _ = try await join(test)
            try await eventually("the order is old") {
                try await keeper.round()
                return try await counters(test).stop == .behind
            }
            _ = try await test.withWorkers {
                try await test.waitUntilDrained()
                try await eventually("admission continues") { try await self.counters(test).admitted == 2 }
            }
        }
    }

    // MARK: Passes

    func pass(_ test: TestStores, _ rank: Int) async throws -> AdmissionPass {
        let reading = try await reading(test)
        let tick = try #require(reading.counters?.ticks.first { $0.from < rank && rank <= $0.to })
        return AdmissionPass(number: rank, generation: reading.generation, end: tick.end)
    }

    func claim(
        _ test: TestStores, _ pass: AdmissionPass?, quantity: Int = 1, customer: String? = nil
    ) async throws -> ClaimOutcome {
        var purchase = test.purchase(quantity: quantity, customer: customer)
        purchase.pass = pass
        return try await test.inventory.claim(purchase)
    }

    func isAccepted(_ outcome: ClaimOutcome) -> Bool { if case .accepted = outcome { true } else { false } }

    @Test func aPurchaseNeedsAPass() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 100, maxQuantity: 4, admissionRate: 1000)
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<3 { _ = try await join(test) }
            try await admit(3, test, keeper)
            let pass = try await pass(test, 1)
            #expect(try await claim(test, nil) == .refused(.passRequired))
            var other = pass
            other.generation = 2
            #expect(try await claim(test, other) == .refused(.passInvalid))
            other = pass
            other.end = later(-1)
            #expect(try await claim(test, other) == .refused(.passExpired))
            #expect(try await claim(test, pass, quantity: 5) == .refused(.quantityAboveMaximum(4)))
            #expect(isAccepted(try await claim(test, pass, quantity: 3)))
            #expect(try await counters(test).outstanding == 2)
            #expect(try await claim(test, pass, quantity: 2) == .refused(.passUsed(available: 1)))
            #expect(isAccepted(try await claim(test, pass)))
            #expect(try await claim(test, pass) == .refused(.passUsed(available: 0)))
            #expect(try await counters(test).outstanding == 2, "a pass is used once")
            #expect(isAccepted(try await claim(test, self.pass(test, 2))))
            #expect(try await counters(test).outstanding == 1)
            #expect(try await test.counters() == Counters(available: 95, pending: 5))
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: .some(nil)))
            #expect(isAccepted(try await claim(test, nil)))
        }
    }

    @Test func theLimitOfACustomerHoldsInsteadOfThatOfAPass() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 100, maxQuantity: 1, customerLimit: 3, admissionRate: 1000)
        ) { test, keeper in
            try await keeper.round()
            _ = try await join(test)
            try await admit(1, test, keeper)
            let pass = try await pass(test, 1)
            for _ in 0..<3 { #expect(isAccepted(try await claim(test, pass, customer: "ann"))) }
            #expect(
                try await claim(test, pass, customer: "ann") == .refused(.customerLimit(3, available: 0)))
        }
    }

    /// Purchases of one call share a pass, and events without a room are bought from in the same call.
    @Test func concurrentPurchasesWithOnePassShareIt() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 100, maxQuantity: 4, admissionRate: 1000)
        ) { test, keeper in
            let plain = try #require(EventID("plain"))
            try await test.catalogue.ensure(plain, EventTerms(name: "Plain", capacity: 100))
            try await keeper.round()
            _ = try await join(test)
            try await admit(1, test, keeper)
            let pass = try await pass(test, 1)
            let accepted = try await withThrowingTaskGroup(of: (Bool, Bool).self) { group in
                for index in 0..<40 {
                    group.addTask {
                        var purchase = test.purchase(index % 2 == 0 ? .demo : plain)
                        if index % 2 == 0 { purchase.pass = pass }
                        return (index % 2 == 0, self.isAccepted(try await test.inventory.claim(purchase)))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(accepted.count { $0.0 && $0.1 } == 4)
            #expect(accepted.count { !$0.0 && $0.1 } == 20)
            #expect(try await test.redis("HGET", test.keys.passes(.demo), "1").integer == 4)
            #expect(try await counters(test).outstanding == 0)
        }
    }

    // MARK: The end of a room

    private func keysOfRoom(_ test: TestStores) async throws -> Int64 {
        let keys = test.keys
        return try await test.redis(
            "EXISTS", keys.room(.demo), keys.places(.demo), keys.ticks(.demo), keys.passes(.demo), keys.rooms
        ).integer ?? -1
    }

    /// Fills all keys of the room.
    private func fill(_ test: TestStores, _ keeper: Keeper) async throws {
        try await keeper.round()
        for index in 0..<5 { _ = try await join(test, "n\(index)") }
        try await admit(5, test, keeper)
        #expect(isAccepted(try await claim(test, try await pass(test, 1))))
        #expect(try await keysOfRoom(test) == 5)
    }

    @Test func aResetBeginsANewRoom() async throws {
        try await withRoom { test, keeper in
            try await fill(test, keeper)
            let first = try #require(try await test.ledger.room(of: .demo, generation: 1))
            let pass = try await pass(test, 1)
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            #expect(try await counters(test).last == 0)
            #expect(try await test.ledger.room(of: .demo, generation: 1) == nil)
            let second = try #require(try await test.ledger.room(of: .demo, generation: 2))
            #expect(second.secret != first.secret)
            #expect(try await claim(test, pass) == .refused(.passInvalid))
            try await keeper.round()
            #expect(try await join(test, "n3") == .joined(number: 1, generation: 2, isReplay: false))
        }
    }

    @Test func aRoomEndsWithItsRateAndItsEvent() async throws {
        try await withRoom { test, keeper in
            try await fill(test, keeper)
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: .some(nil)))
            #expect(try await keysOfRoom(test) == 0)
            // Numbers are not given again.
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: 50))
            try await keeper.round()
            #expect(try number(try await join(test)) == 1001)
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.catalogue.put(.demo, EventChange(archived: true))
            #expect(try await keysOfRoom(test) == 0)
        }
    }

    @Test func aDeletedEventHasNoRoom() async throws {
        try await withRoom { test, keeper in
            try await keeper.round()
            _ = try await join(test, "ann")
            try await test.catalogue.delete(.demo)
            #expect(try await keysOfRoom(test) == 0)
            #expect(try await test.sql("SELECT count(*) FROM rooms") == "0")
        }
    }
}
