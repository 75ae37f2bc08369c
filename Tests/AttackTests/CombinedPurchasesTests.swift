import Testing

@testable import Attack

/// The purchases of several simultaneous attacks as those of one.
struct CombinedPurchasesTests {
    private func purchases(
        _ tickets: [String], event: String = "demo", unknown: [String: Int] = [:], takenBefore: Int = 0,
        rowsBefore: RowTotals? = nil
    ) -> SharedPurchases {
        var record = Record()
        record.tickets = tickets.map { Record.Ticket(id: $0, quantity: 2) }
        (record.accepted, record.acceptedUnits) = (tickets.count, tickets.count * 2)
        record.unknown = unknown
        record.unknownUnits = unknown.values.reduce(0, +) * 2
        return SharedPurchases(
            event: event, record: record, before: Account(capacity: 50, available: 50 - takenBefore, sold: takenBefore),
            rowsBefore: rowsBefore)
    }

    @Test func purchasesAddUp() throws {
        let all = try CombinedPurchases([
            purchases(["a", "b"], unknown: ["timeout": 1]), purchases(["c"], unknown: ["timeout": 2]),
        ])
        #expect(all.record.tickets.map(\.id) == ["a", "b", "c"])
        #expect(all.record.accepted == 3)
        #expect(all.record.acceptedUnits == 6)
        #expect(all.record.unknown == ["timeout": 3])
        #expect(all.record.unknownUnits == 6)
    }

    @Test func aTicketOfTwoClientsIsDetected() throws {
        let all = try CombinedPurchases([purchases(["a", "b"]), purchases(["b"])])
        #expect(all.record.givenTwice == ["b"])
        #expect(all.record.tickets.count == 2)
    }

    /// A client that starts later finds units that the others have bought already.
    @Test func theFewestUnitsBeforeAreThoseBeforeTheFirstAttack() throws {
        let all = try CombinedPurchases([
            purchases(["a"], takenBefore: 9, rowsBefore: RowTotals(orders: 4, units: 9)),
            purchases(["b"], takenBefore: 3, rowsBefore: RowTotals(orders: 2, units: 3)),
        ])
        #expect(all.takenBefore == 3)
        #expect(all.rowsBefore == RowTotals(orders: 2, units: 3))
    }

    @Test func theLedgerIsComparedIfAllReadIt() throws {
        let all = try CombinedPurchases([
            purchases(["a"], rowsBefore: RowTotals(orders: 0, units: 0)), purchases(["b"]),
        ])
        #expect(all.rowsBefore == nil)
    }

    @Test func reportsOfDifferentEventsAreRefused() {
        #expect(throws: CombinationError.severalEvents("demo", "gala")) {
            try CombinedPurchases([purchases(["a"]), purchases(["b"], event: "gala")])
        }
        #expect(throws: CombinationError.noReports) { try CombinedPurchases([]) }
    }
}
