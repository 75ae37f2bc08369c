import Domain
import Testing

@testable import RedisSchema

@Suite struct FinishedMessageTests {
    @Test func aMessageNamesOrders() {
        let ids = [1, 2].map { OrderID(milliseconds: 7, partition: 0, random: $0) }
        let message = FinishedMessage(Array(ids.map(\.description).joined(separator: ",").utf8))
        #expect(message.orders == ids)
        #expect(message.event == nil)
    }

    @Test func aMessageNamesAnEvent() {
        let message = FinishedMessage(Array("event:rock-26".utf8))
        #expect(message.event == EventID("rock-26"))
        #expect(message.orders.isEmpty)
    }

    @Test func anUnknownMessageNamesNothing() {
        let message = FinishedMessage(Array("event:,x".utf8))
        #expect(message.event == nil)
        #expect(message.orders.isEmpty)
    }
}
