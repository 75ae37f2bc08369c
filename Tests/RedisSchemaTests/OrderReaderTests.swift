import TestSupport
import Testing

@testable import Domain
@testable import RedisSchema

/// What the reader of bytes returns is what the decoder of texts returns; entries that it does not read are decided by
/// the decoder.
@Suite struct OrderReaderTests {
    private func order(using generator: inout SeededGenerator) -> Order {
        func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) == 0 }
        func time() -> Timestamp {
            Timestamp(milliseconds: .random(in: 0...(chance(4) ? .max : 4_000_000_000_000), using: &generator))
        }
        let events = ["demo", "e.1", "a-very-long-name-of-an-event_2026", String(repeating: "x", count: 64)]
        return Order(
            id: OrderID(
                milliseconds: .random(in: 0..<1 << 48, using: &generator),
                partition: .random(in: 0..<OrderID.partitionLimit, using: &generator), random: generator.next()),
            event: events.randomElement(using: &generator).flatMap { EventID($0) } ?? .demo,
            generation: chance(3) ? .random(in: -5...Int(Int32.max), using: &generator) : 1,
            quantity: chance(3) ? .random(in: 1...Int(Int32.max), using: &generator) : 1,
            customer: oddCustomers.randomElement(using: &generator) ?? nil,
            state: chance(2) ? .pending : OrderState.allCases.randomElement(using: &generator) ?? .held,
            version: chance(3) ? .random(in: 1...Int(Int32.max), using: &generator) : 1,
            ledgerVersion: chance(3) ? .random(in: 0...Int(Int32.max), using: &generator) : 0,
            sequence: chance(2) ? .random(in: 1...(chance(2) ? .max : 1_000_000), using: &generator) : nil,
            claimedAt: time(),
            confirmedAt: chance(2) ? time() : nil, expiresAt: chance(2) ? time() : nil,
            reason: chance(3) ? "über/sold" : nil)
    }

    /// Bytes that are likely to change what an entry means.
    private static let bytes = Array("|0129-+ aAfFgGx\0".utf8) + [0x80, 0xc3, 0xff]

    private func mutate(_ entry: inout [UInt8], using generator: inout SeededGenerator) {
        let byte = Self.bytes.randomElement(using: &generator) ?? 0
        guard let index = entry.indices.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: entry.remove(at: index)
        case 1: entry.insert(byte, at: index)
        case 2: entry.removeSubrange(index...)
        case 3: entry.insert(contentsOf: entry[index...].prefix(.random(in: 1...20, using: &generator)), at: index)
        default: entry[index] = byte
        }
    }

    /// The results of both, as values that can be compared.
    private func decoded(_ entry: [UInt8]) -> Result<Order, OrderCodec.Unreadable> {
        Result { () throws(OrderCodec.Unreadable) in try OrderCodec.decode(entry: entry) }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func everyEntryIsReadAsTheDecoderReadsIt(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var reader = OrderReader()
        var differences: [String] = []
        for _ in 0..<100_000 {
            var entry = Array(OrderCodec.encode(order(using: &generator)).utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) { mutate(&entry, using: &generator) }
            if let read = reader.order(of: entry), decoded(entry) != .success(read) {
                differences.append(String(decoding: entry, as: UTF8.self))
            }
        }
        #expect(differences == [], "seed \(seed)")
    }

    @Test func entriesAsScriptsWriteThemAreRead() {
        var reader = OrderReader()
        for (state, times) in [("pending", "|"), ("held", "|1795466380441"), ("confirmed", "1795466379999|")] {
            for customer in oddCustomers {
                for head in ["2|\(state)|1|0|", "3|\(state)|1|0|4711|"] {
                    let entry = """
                        \(head)01a20a5f-7343-7000-b0ef-9f806d418d2f|demo|3|2|1795466379441|\(times)||\(customer ?? "")
                        """
                    #expect(reader.order(of: Array(entry.utf8)) == OrderCodec.decode(entry))
                    #expect(reader.order(of: Array(entry.utf8)) != nil)
                }
            }
        }
    }
}
