import Testing

@testable import Domain
@testable import Engine
@testable import Ledger

@Suite struct BackfillPassTests {
    @Test func smallEventsAreBackfilledInOneBatch() {
        func event(_ name: String, _ units: Int) -> Ledger.BackfillEvent {
            Ledger.BackfillEvent(id: EventID(name) ?? .demo, units: units, changedAt: "")
        }
        let batches = BackfillPass.batches(of: [event("a", 9000), event("b", 900), event("c", 200), event("d", 20_000)])
        #expect(batches.map { $0.map(\.description) } == [["a", "b"], ["c"], ["d"]])
        #expect(BackfillPass.batches(of: (0..<450).map { event("e\($0)", 0) }).map(\.count) == [200, 200, 50])
        #expect(BackfillPass.batches(of: []).isEmpty)
    }
}
