import Testing

@testable import Shared

/// Customers that break naive separators, quotes and encodings.
let oddCustomers: [String?] = [nil, "a", "|", "a|b||c", "1|2|3|4|5|6|7|8", "\"\\'`", "ümläut 日本 👩‍👩‍👧", "\u{202e}x", " "]

@Suite struct QueueEntryTests {
    private func order(_ customer: String?) throws -> QueuedOrder {
        QueuedOrder(
            id: OrderID(milliseconds: 5, partition: 0, random: 9), event: try #require(EventID("e.1")), generation: 3,
            quantity: 2, customer: customer, claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
    }

    @Test(arguments: oddCustomers)
    func readsWhatIsWritten(customer: String?) throws {
        let order = try order(customer)
        #expect(try QueueEntry.decode(Array(QueueEntry.encode(order).utf8)) == order)
    }

    @Test func neverTrapsOnDamage() throws {
        let bytes = Array(QueueEntry.encode(try order("c|d")).utf8)
        for length in 0..<bytes.count {
            _ = try? QueueEntry.decode(Array(bytes[..<length]))
        }
        for index in bytes.indices {
            for byte: UInt8 in [0, 0x7c, 0x39, 0xff] {
                var damaged = bytes
                damaged[index] = byte
                _ = try? QueueEntry.decode(damaged)
            }
        }
    }

    @Test(arguments: [
        "", "1", "2|x", "1|||||||", "1|not-a-uuid|e|1|1|5|c", "1|00000000-0005-7000-8000-000000000009|e|1|0|5|",
        "1|00000000-0005-7000-8000-000000000009|e|1|-1|5|", "1|00000000-0005-7000-8000-000000000009|e|1|1|-5|",
        "1|00000000-0005-7000-8000-000000000009|e|1|99999999999|5|",
    ])
    func refuses(text: String) {
        #expect(throws: QueueEntry.Unreadable.self) { try QueueEntry.decode(Array(text.utf8)) }
    }
}

@Suite struct OrderRecordTests {
    @Test(arguments: oddCustomers)
    func readsWhatIsWritten(customer: String?) throws {
        let id = OrderID(milliseconds: 5, partition: 0, random: 9)
        for state in OrderState.allCases {
            let order = Order(
                id: id, event: .demo, quantity: 4, customer: customer, state: state,
                claimedAt: Timestamp(milliseconds: 1),
                confirmedAt: state == .confirmed ? Timestamp(milliseconds: 2) : nil,
                reason: state == .rejected ? "oversold" : nil)
            let record = OrderRecord(order: order, generation: 7)
            #expect(OrderRecord(id: id, text: record.text) == record)
        }
        #expect(OrderRecord(id: id, text: "2|pending|demo|1|1|1|||") == nil)
        #expect(OrderRecord(id: id, text: "1|unheard|demo|1|1|1|||") == nil)
    }
}

@Suite struct AcknowledgementTests {
    private func order(_ number: UInt64, _ event: EventID, quantity: Int = 1) -> QueuedOrder {
        QueuedOrder(
            id: OrderID(milliseconds: number, partition: 0, random: number), event: event, generation: 1,
            quantity: quantity, claimedAt: Timestamp(milliseconds: 1))
    }

    @Test func sumsByEventAndSetsAsideWhatNobodySettles() throws {
        let other = try #require(EventID("other"))
        let orders = [
            order(1, .demo, quantity: 2), order(2, .demo, quantity: 3), order(3, other), order(4, .demo),
            order(5, .demo),
        ]
        let entries = orders.map { Array(QueueEntry.encode($0).utf8) } + [Array("junk".utf8)]
        let batch = Batch(token: "t", attempts: 1, entries: entries)
        let acknowledgement = Acknowledgement(
            batch,
            [
                .confirmed(at: Timestamp(milliseconds: 9)), .rejected(reason: "oversold"),
                .confirmed(at: Timestamp(milliseconds: 9)), .forgotten, .unsettleable(reason: "why"),
            ])
        #expect(
            acknowledgement.moves == [
                .init(event: .demo, generation: 1, settled: 6, sold: 2),
                .init(event: other, generation: 1, settled: 1, sold: 1),
            ])
        #expect(acknowledgement.records.map { $0.text.isEmpty } == [false, false, false, true])
        #expect(acknowledgement.deadLetters.map(\.entry) == [Array("junk".utf8), entries[4]])
    }
}

@Suite struct ClaimGroupTests {
    private func purchase(_ number: UInt64, _ event: EventID) -> Purchase {
        Purchase(id: OrderID(milliseconds: number, partition: 0, random: number), event: event, quantity: 1)
    }

    @Test func answersReturnInTheOrderOfThePurchases() throws {
        let (a, b) = (try #require(EventID("a")), try #require(EventID("b")))
        // The script sees a's orders first, then b's: places 0, 2, then 1.
        let group = ClaimGroup([purchase(1, a), purchase(2, b), purchase(3, a)])
        let reply = RESPValue.array([0, 77, 9, 0, 8, 4, 1000].map { .integer($0) })
        #expect(
            try group.outcomes(of: reply) == [
                .accepted(claimedAt: Timestamp(milliseconds: 77)), .refused(.insufficientStock(available: 4)),
                .refused(.soldOut),
            ])
    }

    @Test(arguments: [
        RESPValue.null, .array([]), .array([.integer(0), .integer(1)]),
        .array([.integer(99), .integer(0), .integer(1)]),
    ])
    func refusesAnswersOfAnotherForm(reply: RESPValue) {
        #expect(throws: RedisError.self) { try ClaimGroup([purchase(1, .demo)]).outcomes(of: reply) }
    }
}
