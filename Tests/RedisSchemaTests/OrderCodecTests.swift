import Testing

@testable import Domain
@testable import RedisSchema

/// Customers that break naive separators, quotation marks and encodings.
let oddCustomers: [String?] = [
    nil, "a", "|", "a|b||c", "1|2|3|4|5|6|7|8|9|10|11|12", "\"\\'`", "ümläut 日本 👩‍👩‍👧", "\u{202e}x", " ",
]

@Suite struct QueueEntryTests {
    private func order(_ customer: String?, state: OrderState = .pending, sequence: Int? = nil) throws -> Order {
        Order(
            id: OrderID(milliseconds: 5, partition: 0, random: 9), event: try #require(EventID("e.1")), generation: 3,
            quantity: 2, customer: customer, state: state, version: state == .pending ? 1 : 4,
            sequence: sequence,
            claimedAt: Timestamp(milliseconds: 1_795_466_379_441),
            confirmedAt: state == .confirmed ? Timestamp(milliseconds: 1_795_466_379_999) : nil,
            expiresAt: state == .pending ? nil : Timestamp(milliseconds: 1_795_466_380_441))
    }

    @Test(arguments: oddCustomers)
    func anEncodedEntryIsDecodedUnchanged(customer: String?) throws {
        for state in [OrderState.pending, .held, .confirmed, .cancelled, .expired] {
            let order = try order(customer, state: state)
            #expect(try OrderCodec.decode(entry: Array(OrderCodec.encode(order).utf8)) == order)
        }
    }

    /// An order without a number has the form of the releases without numbers, so that they can read it.
    @Test(arguments: oddCustomers)
    func anEntryWithASequenceNumberHasTheThirdForm(customer: String?) throws {
        let order = try order(customer, sequence: 9_007_199_254_740_991)
        let text = OrderCodec.encode(order)
        #expect(text.hasPrefix("3|pending|1|0|9007199254740991|00000000-"))
        #expect(try OrderCodec.decode(entry: Array(text.utf8)) == order)
        #expect(OrderCodec.encode(try self.order(customer)).hasPrefix("2|pending|1|0|00000000-"))
    }

    @Test(arguments: [
        "1|00000000-0005-7000-8000-000000000009|e.1|3|2|1795466379441|a|b",
        "2|00000000-0005-7000-8000-000000000009|pending|1|e.1|3|2|1795466379441|||a|b",
    ])
    func entriesOfEarlierReleasesAreDecoded(text: String) throws {
        #expect(try OrderCodec.decode(entry: Array(text.utf8)) == order("a|b"))
    }

    @Test func damagedEntriesNeverTrap() throws {
        let bytes = Array(OrderCodec.encode(try order("c|d", sequence: 7)).utf8)
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
        "3|pending|1|0|0|00000000-0005-7000-8000-000000000009|e|1|1|5||||",
        "3|pending|1|0|-1|00000000-0005-7000-8000-000000000009|e|1|1|5||||",
        "3|pending|1|0||00000000-0005-7000-8000-000000000009|e|1|1|5||||",
        "3|pending|1|0|7|00000000-0005-7000-8000-000000000009|e|1|1|5|||",
        "1|00000000-0005-7000-8000-000000000009|e|1|-1|5|", "1|00000000-0005-7000-8000-000000000009|e|1|1|-5|",
        "1|00000000-0005-7000-8000-000000000009|e|1|99999999999|5|",
    ])
    func anInvalidEntryIsRefused(text: String) {
        #expect(throws: OrderCodec.Unreadable.self) { try OrderCodec.decode(entry: Array(text.utf8)) }
    }
}

@Suite struct OrderRecordTests {
    private let id = OrderID(milliseconds: 5, partition: 0, random: 9)

    @Test(arguments: oddCustomers)
    func anEncodedRecordIsDecodedUnchanged(customer: String?) throws {
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

    @Test(arguments: [("a|b", "a/b"), ("|\u{301}", "/\u{301}"), ("|\u{200d}|", "/\u{200d}/"), ("a\r\nb", "a\r\nb")])
    func barsInAReasonAreReplaced(reason: String, plain: String) throws {
        let order = Order(
            id: id, event: .demo, quantity: 4, customer: "c", state: .rejected, claimedAt: Timestamp(milliseconds: 1),
            reason: reason)
        let decoded = OrderCodec.decode(OrderCodec.encode(order))
        #expect(decoded?.reason == plain)
        #expect(decoded?.customer == "c")
    }

    @Test(arguments: [
        "", "x", "2|pending|demo|1|1|1|||", "1|confirmed|demo|7|4|1|2||a|b",
        "2|unheard|1|0|00000000-0005-7000-8000-000000000009|demo|1|1|1||||",
        "2|pending|1|0|00000000-0005-7000-8000|demo|1|1|1||||",
        "3|pending|1|0|00000000-0005-7000-8000-000000000009|demo|1|1|1||||",
    ])
    func anInvalidRecordIsRefused(text: String) {
        #expect(OrderCodec.decode(text) == nil)
    }
}
