import Testing

@testable import Domain
@testable import RedisClient
@testable import RedisSchema

@Suite struct ClaimScriptTests {
    private func purchase(_ number: UInt64, _ event: EventID) -> Purchase {
        Purchase(id: OrderID(milliseconds: number, partition: 0, random: number), event: event, quantity: 1)
    }

    @Test func outcomesAreInTheOrderOfThePurchases() throws {
        let (a, b) = (try #require(EventID("a")), try #require(EventID("b")))
        // The script reads the orders of a first, then those of b: indexes 0 and 2, then 1.
        let group = ClaimScript([purchase(1, a), purchase(2, b), purchase(3, a)], queueLimit: 9)
        let reply = RESPValue.array([0, 77, 9, 0, 8, 4, 1000].map { .integer($0) })
        let acceptance = Acceptance(order: purchase(1, a).id, expiresAt: Timestamp(milliseconds: 77))
        #expect(
            try group.decode(reply) == [
                .accepted(acceptance), .refused(.insufficientStock(available: 4)), .refused(.soldOut),
            ])
    }

    @Test(arguments: [
        RESPValue.null, .array([]), .array([.integer(0), .integer(1)]),
        .array([.integer(99), .integer(0), .integer(1)]),
    ])
    func aReplyOfAnotherFormIsRefused(reply: RESPValue) {
        #expect(throws: RedisError.self) { try ClaimScript([purchase(1, .demo)], queueLimit: 9).decode(reply) }
    }
}
