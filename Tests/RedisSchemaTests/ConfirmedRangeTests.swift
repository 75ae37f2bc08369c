import Testing

@testable import Domain
@testable import RedisClient
@testable import RedisSchema

@Suite struct ConfirmedRangeTests {
    private func order(_ sequence: Int?, state: OrderState = .pending) -> Order {
        Order(
            id: OrderID(milliseconds: 1, partition: 0, random: 1), event: .demo, quantity: 1, state: state,
            sequence: sequence, claimedAt: Timestamp(milliseconds: 1))
    }

    private func reply(_ text: String) -> RESPValue { .array([.bulkString(Array(text.utf8))]) }

    @Test func aRangeConfirmsTheOrdersThatItCovers() {
        for number in [5, 6, 7] {
            let confirmed = order(number).confirmed(by: reply("5|7|99"))
            #expect(confirmed.state == .confirmed)
            #expect(confirmed.isPersisted)
            #expect(confirmed.confirmedAt == Timestamp(milliseconds: 99))
            #expect(confirmed.sequence == nil)
        }
    }

    @Test func noOtherOrderIsConfirmed() {
        for number in [4, 8] { #expect(order(number).confirmed(by: reply("5|7|99")) == order(number)) }
        for other in [order(nil), order(6, state: .rejected)] { #expect(other.confirmed(by: reply("5|7|99")) == other) }
        for wrong in ["", "5|7", "7|5|99", "5|7|x"] { #expect(order(6).confirmed(by: reply(wrong)) == order(6)) }
        for wrong in [RESPValue.null, .array([]), .error("ERR")] { #expect(order(6).confirmed(by: wrong) == order(6)) }
    }

    @Test func onlyAPendingOrderWithANumberIsLookedUp() {
        let keys = Keyspace(partition: 3)
        let query = ["ZRANGE", "tb:{3}:confirmed", "6", "+inf", "BYSCORE", "LIMIT", "0", "1"]
        #expect(ConfirmedRange.query(for: order(6), in: keys) == query)
        #expect(ConfirmedRange.query(for: order(nil), in: keys) == nil)
        #expect(ConfirmedRange.query(for: order(6, state: .cancelled), in: keys) == nil)
    }

    @Test func aRangeIsReadAsItIsWritten() {
        var range = ConfirmedRange(5, confirmedAt: Timestamp(milliseconds: 99))
        let extensions = [(6, 99), (8, 99), (7, 98)].map { number, time in
            range.extend(to: number, confirmedAt: Timestamp(milliseconds: Int64(time)))
        }
        #expect(extensions == [true, false, false])
        #expect(range.text == "5|6|99")
        #expect(ConfirmedRange(range.text) == range)
    }
}
