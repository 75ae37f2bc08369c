import Testing

@testable import Domain
@testable import Ledger

@Suite struct LatestSnapshotTests {
    @Test func theLatestSnapshotOfEachOrderOfABatchIsWritten() {
        func order(_ number: UInt64, _ version: Int) -> Order {
            Order(
                id: OrderID(milliseconds: number, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
                version: version, claimedAt: Timestamp(milliseconds: 1))
        }
        let batch = [order(1, 2), order(2, 1), order(1, 1), order(1, 3), order(2, 1)]
        #expect(Ledger.latest(of: batch) == [order(1, 3), order(2, 1)])
    }
}
