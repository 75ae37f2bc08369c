import Testing

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// Customers that break naive separators, quotes and encodings.
let oddCustomers: [String?] = [
    nil, "a", "|", "a|b||c", "1|2|3|4|5|6|7|8|9|10|11|12", "\"\\'`", "ümläut 日本 👩‍👩‍👧", "\u{202e}x", " ",
]

@Suite struct QueueEntryTests {
    private func order(_ customer: String?, state: OrderState = .pending) throws -> Order {
        Order(
            id: OrderID(milliseconds: 5, partition: 0, random: 9), event: try #require(EventID("e.1")), generation: 3,
            quantity: 2, customer: customer, state: state, version: state == .pending ? 1 : 4,
            claimedAt: Timestamp(milliseconds: 1_795_466_379_441),
            confirmedAt: state == .confirmed ? Timestamp(milliseconds: 1_795_466_379_999) : nil,
            expiresAt: state == .pending ? nil : Timestamp(milliseconds: 1_795_466_380_441))
    }

    @Test(arguments: oddCustomers)
    func readsWhatIsWritten(customer: String?) throws {
        for state in [OrderState.pending, .held, .confirmed, .cancelled, .expired] {
            let order = try order(customer, state: state)
            #expect(try OrderCodec.decode(entry: Array(OrderCodec.encode(order).utf8)) == order)
        }
    }

    @Test(arguments: [
        "1|00000000-0005-7000-8000-000000000009|e.1|3|2|1795466379441|a|b",
        "2|00000000-0005-7000-8000-000000000009|pending|1|e.1|3|2|1795466379441|||a|b",
    ])
    func readsEntriesOfEarlierReleases(text: String) throws {
        #expect(try OrderCodec.decode(entry: Array(text.utf8)) == order("a|b"))
    }

    @Test func neverTrapsOnDamage() throws {
        let bytes = Array(OrderCodec.encode(try order("c|d")).utf8)
        for length in 0..<bytes.count {
            _ = try? OrderCodec.decode(entry: Array(bytes[..<length]))
        }
        for index in bytes.indices {
            for byte: UInt8 in [0, 0x7c, 0x39, 0xff] {
                var damaged = bytes
                damaged[index] = byte
                _ = try? OrderCodec.decode(entry: damaged)
            }
        }
    }

    @Test(arguments: [
        "", "1", "2|x", "3|x", "2||||||||||||", "2|held|0|0|00000000-0005-7000-8000-000000000009|e|1|1|5||||",
        "2|00000000-0005-7000-8000-000000000009|held|0|e|1|1|5|||",
        "2|00000000-0005-7000-8000-000000000009|lost|1|e|1|1|5|||", "1|||||||", "1|not-a-uuid|e|1|1|5|c",
        "1|00000000-0005-7000-8000-000000000009|e|1|0|5|",
        "1|00000000-0005-7000-8000-000000000009|e|1|-1|5|", "1|00000000-0005-7000-8000-000000000009|e|1|1|-5|",
        "1|00000000-0005-7000-8000-000000000009|e|1|99999999999|5|",
    ])
    func refuses(text: String) {
        #expect(throws: OrderCodec.Unreadable.self) { try OrderCodec.decode(entry: Array(text.utf8)) }
    }
}

@Suite struct OrderRecordTests {
    private let id = OrderID(milliseconds: 5, partition: 0, random: 9)

    @Test(arguments: oddCustomers)
    func readsWhatIsWritten(customer: String?) throws {
        for state in OrderState.allCases {
            let order = Order(
                id: id, event: .demo, generation: 7, quantity: 4, customer: customer, state: state, version: 3,
                ledgerVersion: 2, claimedAt: Timestamp(milliseconds: 1),
                confirmedAt: state == .confirmed ? Timestamp(milliseconds: 2) : nil,
                expiresAt: state == .held ? Timestamp(milliseconds: 3) : nil,
                reason: state == .rejected ? "oversold" : nil)
            #expect(OrderCodec.decode(OrderCodec.encode(order)) == order)
        }
    }

    @Test(arguments: [
        "", "x", "2|pending|demo|1|1|1|||", "1|confirmed|demo|7|4|1|2||a|b",
        "2|unheard|1|0|00000000-0005-7000-8000-000000000009|demo|1|1|1||||",
        "2|pending|1|0|00000000-0005-7000-8000|demo|1|1|1||||",
        "3|pending|1|0|00000000-0005-7000-8000-000000000009|demo|1|1|1||||",
    ])
    func refuses(text: String) {
        #expect(OrderCodec.decode(text) == nil)
    }
}

@Suite struct BatchSettlementTests {
    private func order(
        _ number: UInt64, _ event: EventID, quantity: Int = 1, state: OrderState = .pending, version: Int = 1
    ) -> Order {
        Order(
            id: OrderID(milliseconds: number, partition: 0, random: number), event: event, quantity: quantity,
            state: state, version: version, claimedAt: Timestamp(milliseconds: 1))
    }

    private func batch(_ orders: [Order], and entries: [[UInt8]] = []) -> Batch {
        Batch(token: "t", attempts: 1, entries: orders.map { Array(OrderCodec.encode($0).utf8) } + entries)
    }

    private let recorded = Settlement.recorded(version: 1, confirmedAt: Timestamp(milliseconds: 9))

    @Test func sumsByEventAndSetsAsideWhatNobodySettles() throws {
        let other = try #require(EventID("other"))
        let orders = [
            order(1, .demo, quantity: 2), order(2, .demo, quantity: 3), order(3, other), order(4, .demo),
            order(5, .demo),
        ]
        let batch = batch(orders, and: [Array("junk".utf8)])
        let settled = BatchSettlement(
            batch, [recorded, .rejected(reason: "over|sold"), recorded, .forgotten, .unsettleable(reason: "why")])
        #expect(
            settled.moves == [
                .init(event: .demo, generation: 1, sold: 2), .init(event: other, generation: 1, sold: 1),
            ])
        #expect(settled.records.map(\.version) == [1, 1, 1, 0])
        #expect(settled.records.map { $0.confirmed.isEmpty } == [false, true, false, true])
        #expect(settled.rejections == [.init(record: 1, event: 0, generation: 1, reason: "over/sold")])
        let fifth = Array(OrderCodec.encode(orders[4]).utf8)
        #expect(settled.deadLetters.map(\.entry) == [Array("junk".utf8), fifth])
    }

    @Test func ofSeveralSnapshotsOfAnOrderTheHighestVersionIsNoted() {
        let orders = [
            order(1, .demo, state: .confirmed, version: 2), order(1, .demo, state: .held),
            order(1, .demo, state: .cancelled, version: 3),
        ]
        let settlement = Settlement.recorded(version: 3, confirmedAt: nil)
        let settled = BatchSettlement(batch(orders), [settlement, settlement, settlement])
        #expect(settled.records == [.init(id: orders[0].id, version: 3)])
        #expect(settled.moves.isEmpty, "only pending orders move counters when they are acknowledged")
        let rejected = Settlement.rejected(reason: "oversold")
        let refused = BatchSettlement(batch(orders), [rejected, rejected, rejected])
        #expect(refused.rejections.count == 1)
    }
}

@Suite struct ClaimScriptTests {
    private func purchase(_ number: UInt64, _ event: EventID) -> Purchase {
        Purchase(id: OrderID(milliseconds: number, partition: 0, random: number), event: event, quantity: 1)
    }

    @Test func answersReturnInTheOrderOfThePurchases() throws {
        let (a, b) = (try #require(EventID("a")), try #require(EventID("b")))
        // The script sees a's orders first, then b's: places 0, 2, then 1.
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
    func refusesAnswersOfAnotherForm(reply: RESPValue) {
        #expect(throws: RedisError.self) { try ClaimScript([purchase(1, .demo)], queueLimit: 9).decode(reply) }
    }
}
