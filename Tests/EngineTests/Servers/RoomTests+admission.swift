import PostgresClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// How admission stops and goes on.
extension RoomTests {
    /// Nobody is admitted for the time in which admission stood still.
    @Test func aPauseIsNotMadeUpFor() async throws {
        try await withRoom { test, keeper in
            try await keeper.round()
            for _ in 0..<400 { _ = try await join(test) }
            try await eventually("somebody is admitted") {
                try await keeper.round()
                return try await counters(test).admitted > 0
            }
            _ = try await test.catalogue.put(.demo, EventChange(paused: true))
            try await keeper.round()
            let before = try await counters(test)
            #expect(before.stop == .paused)
            // The pause has lasted long.
            let now = try await test.redis("TIME").time().milliseconds
            try await test.redis("HSET", test.keys.room(.demo), "admitted_at", String(now - 10_000))
            _ = try await test.catalogue.put(.demo, EventChange(paused: false))
            try await eventually("others are admitted") {
                try await keeper.round()
                return try await counters(test).admitted > before.admitted
            }
            let tick = try #require(try await counters(test).ticks.first { $0.from == before.admitted })
            let passed = tick.end.milliseconds - 600_000 - now
            #expect(Double(tick.to - tick.from) <= Double(passed) * 50 / 1000 + 1)
        }
    }

    /// The ledger does not respond while it is asked for further numbers.
    @Test func anAdmissionIsSeenBeforeTheLedgerIsAsked() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 1000, admissionRate: 1000)) { test, keeper in
            try await keeper.round()
            for _ in 0..<400 { _ = try await join(test) }
            try await keeper.round()
            for _ in 0..<600 { _ = try await join(test) }
            let before = try await counters(test).admitted
            let now = try await test.redis("TIME").time().milliseconds
            try await test.redis("HSET", test.keys.room(.demo), "admitted_at", String(now - 1000))
            let other = PostgresPool(test.settings.postgres)
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await other.withTransaction { connection in
                    try await connection.execute(script: "SELECT FROM rooms FOR UPDATE")
                    group.addTask { try await keeper.round() }
                    try await eventually("people see that they are admitted") {
                        try await counters(test).admitted > before
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await counters(test).last == 1000)
        }
    }

    /// The last unit is sold, and comes back.
    @Test func peopleAreAdmittedAgainWhenAUnitComesBack() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 1, holdSeconds: 600, admissionRate: 1000)
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<2 { _ = try await join(test) }
            try await admit(1, test, keeper)
            var purchase = test.purchase()
            purchase.pass = try await pass(test, 1)
            let id = try await test.acceptance(of: purchase).order
            let held = try #require(try await test.inventory.order(id))
            try await test.withWorkers {
                guard case .done(let sold) = try await test.inventory.change(held, by: .confirm) else {
                    throw GaveUp(description: "the order was not confirmed")
                }
                try await eventually("nothing is left") { try await self.counters(test).stop == .soldOut }
                #expect(try await self.counters(test).admitted == 1)
                guard case .done = try await test.inventory.change(sold, by: .cancel) else {
                    throw GaveUp(description: "the order was not cancelled")
                }
                try await eventually("the other is admitted") { try await self.counters(test).admitted == 2 }
            }
        }
    }
}
