import Testing

@testable import Domain
@testable import Ledger

@Suite struct NewOrdersTests {
    private func order(
        _ number: UInt64, _ event: EventID = .demo, generation: Int = 1, quantity: Int = 1, customer: String? = nil,
        state: OrderState = .pending, version: Int = 1, claimedAt: Int64 = 1_795_466_379_441, expiresAt: Int64? = nil
    ) -> Order {
        Order(
            id: OrderID(milliseconds: number, partition: 0, random: number), event: event, generation: generation,
            quantity: quantity, customer: customer, state: state, version: version,
            claimedAt: Timestamp(milliseconds: claimedAt), expiresAt: expiresAt.map(Timestamp.init(milliseconds:)))
    }

    private func orders(_ count: Int) -> [Order] { (1...count).map { order(UInt64($0)) } }

    @Test func newOrdersOfOneEventAreWrittenTogether() throws {
        let orders = [order(1, quantity: 2), order(2, customer: "c"), order(1, quantity: 2)]
        let split = try #require(NewOrders.split(orders))
        #expect(split.orders.orders == orders)
        #expect(split.others == [])
        #expect(split.orders.units == 5)
        #expect(split.orders.quantities == [2, 1, 2])
        #expect(split.orders.customers == [nil, "c", nil])
    }

    @Test func whatDoesNotDifferIsNotSent() throws {
        let split = try #require(NewOrders.split(orders(3)))
        #expect(split.orders.quantities == nil)
        #expect(split.orders.customers == nil)
    }

    @Test func otherSnapshotsAreWrittenApart() throws {
        let other = try #require(EventID("other"))
        let others = [
            order(900, other), order(901, generation: 2), order(902, state: .held), order(903, version: 2),
            order(904, state: .cancelled, version: 2), order(905, expiresAt: 1),
            order(906, claimedAt: 4_294_967_296_000),
            order(907, claimedAt: -1), order(908, quantity: 1 << 31),
        ]
        for snapshot in others {
            #expect(NewOrders.split([snapshot])?.orders.orders != orders(1))
            var batch = orders(100)
            batch.insert(snapshot, at: 50)
            let split = try #require(NewOrders.split(batch))
            #expect(split.others == [50])
            #expect(split.orders.orders == orders(100))
        }
        #expect(NewOrders.split(others.filter { $0.state != .pending }) == nil)
    }

    @Test func aBatchOfFewNewOrdersIsWrittenAsAWhole() {
        let held = (1...10).map { order(1000 + $0, state: .held) }
        #expect(NewOrders.split(held + orders(41)) == nil)
        #expect(NewOrders.split(held + orders(42))?.others == Array(0..<10))
        #expect(NewOrders.split([]) == nil)
    }

    @Test func snapshotsOfOneOrderAreNotSeparated() {
        #expect(NewOrders.split(orders(100) + [order(7, state: .cancelled, version: 2)]) == nil)
    }
}
