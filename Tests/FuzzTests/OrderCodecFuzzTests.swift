import Domain
import TestSupport
import Testing

@testable import RedisSchema

@Suite(.timeLimit(.minutes(10))) struct OrderCodecFuzzTests {
    private static let tokens = [
        "|", "||", "1|", "2|", "3|", "-1", "0", "+1", "2147483647", "2147483648", "9223372036854775807",
        "9223372036854775808", "held", "pending", "confirmed", "00000000-0005-7000-8000-000000000009", "\u{301}",
    ].map { Array($0.utf8) }

    @Test func anEncodedOrderIsDecodedUnchanged() async throws {
        try await fuzz("orders", inputs: 20_000) { input in
            let order = Self.order(&input)
            let entry = Array(OrderCodec.encode(order).utf8)
            let decoded = try OrderCodec.decode(entry: entry)
            var expected = order
            expected.reason = order.reason.map(Self.withoutBars)
            try require(decoded == expected, "\(expected) became \(decoded)")
            // Swift compares texts by their characters; a customer must be the same bytes.
            try require(Array(OrderCodec.encode(decoded).utf8) == entry, "the bytes of \(order) changed")
        }
    }

    @Test func anOrderOfAnEarlierReleaseIsDecoded() async throws {
        try await fuzz("earlier forms", inputs: 15_000) { input in
            var order = Self.order(&input)
            order.reason = nil
            order.ledgerVersion = 0
            let text: String
            if input.oneIn(2) {
                order.state = .pending
                order.version = 1
                order.confirmedAt = nil
                order.expiresAt = nil
                text = Self.firstForm(order)
            } else {
                text = Self.secondForm(order)
            }
            let decoded = try OrderCodec.decode(entry: Array(text.utf8))
            try require(decoded == order, "\(text) became \(decoded)")
        }
    }

    @Test func aDamagedEntryIsRefusedOrIsAnOrder() async throws {
        try await fuzz("damaged entries", inputs: 40_000) { input in
            let order = Self.order(&input)
            let text =
                switch input.int(1...4) {
                case 1: Self.firstForm(order)
                case 2: Self.secondForm(order)
                default: OrderCodec.encode(order)
                }
            let entry = input.mutated(Array(text.utf8), with: Self.tokens)
            let decoded: Order
            do throws(OrderCodec.Unreadable) { decoded = try OrderCodec.decode(entry: entry) } catch { return }
            let again = try OrderCodec.decode(entry: Array(OrderCodec.encode(decoded).utf8))
            try require(again == decoded, "\(entry) became \(decoded), then \(again)")
        }
    }

    @Test func aBatchLosesNoEntry() async throws {
        try await fuzz("batches", inputs: 5_000) { input in
            let entries = (0..<input.int(0...4)).map { _ in
                input.mutated(Array(OrderCodec.encode(Self.order(&input)).utf8), with: Self.tokens)
            }
            let batch = Batch(token: "", attempts: 1, entries: entries)
            try require(batch.orders.count + batch.unreadable.count == entries.count, "of \(entries): \(batch)")
            let kept = Set(batch.unreadable.map(\.entry))
            try require(kept.isSubset(of: entries), "of \(entries): \(batch.unreadable)")
        }
    }

    @Test func aStoredDeadLetterIsReadUnchanged() async throws {
        try await fuzz("dead letters", inputs: 25_000) { input in
            let reason = input.text(upTo: 12)
            let entry = input.bytes(upTo: 30)
            let time = input.edge(0...Int.max)
            let stored = Array("\(time)|".utf8) + DeadLetter(reason: reason, entry: entry).stored
            guard let letter = DeadLetter(id: "7", stored) else {
                throw FuzzFailure(description: "\(stored) is not a dead letter")
            }
            try require(letter.at == Timestamp(milliseconds: Int64(time)), "\(stored) became \(letter)")
            try require(letter.entry == entry, "\(stored) became \(letter)")
            try require(letter.reason == Self.withoutBars(reason), "\(stored) became \(letter)")
        }
    }

    @Test func aDamagedDeadLetterIsRefusedOrIsADeadLetter() async throws {
        try await fuzz("damaged dead letters", inputs: 25_000) { input in
            let letter = DeadLetter(reason: input.text(upTo: 12), entry: input.bytes(upTo: 30))
            let text = input.mutated(Array("\(input.edge(0...Int.max))|".utf8) + letter.stored, with: Self.tokens)
            guard let read = DeadLetter(id: "7", text), let at = read.at else { return }
            let again = DeadLetter(id: "7", Array("\(at.milliseconds)|".utf8) + read.stored)
            try require(again == read, "\(text) became \(read), then \(String(describing: again))")
        }
    }

    // MARK: Orders

    private static func order(_ input: inout FuzzInput) -> Order {
        let int32 = Int(Int32.min)...Int(Int32.max)
        let customer = input.text(upTo: 12)
        let reason = input.text(upTo: 8)
        return Order(
            id: OrderID(milliseconds: input.next(), partition: input.int(0...4095), random: input.next()),
            event: event(&input), generation: input.edge(int32), quantity: input.edge(1...int32.upperBound),
            customer: customer.isEmpty ? nil : customer, state: input.pick(OrderState.allCases),
            version: input.edge(1...int32.upperBound), ledgerVersion: input.edge(0...int32.upperBound),
            claimedAt: Timestamp(milliseconds: Int64(input.edge(0...Int.max))), confirmedAt: time(&input),
            expiresAt: time(&input), reason: reason.isEmpty ? nil : reason)
    }

    private static func time(_ input: inout FuzzInput) -> Timestamp? {
        input.oneIn(2) ? nil : Timestamp(milliseconds: Int64(input.edge(0...Int.max)))
    }

    private static let letters = Array("abcxyzABCXYZ0189".utf8)

    private static func event(_ input: inout FuzzInput) -> EventID {
        let text = [input.pick(letters)] + input.bytes(of: letters + Array("._-".utf8), upTo: 63)
        return EventID(String(decoding: text, as: UTF8.self)) ?? .demo
    }

    private static func withoutBars(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 == UInt8(ascii: "|") ? UInt8(ascii: "/") : $0 }, as: UTF8.self)
    }

    private static func firstForm(_ order: Order) -> String {
        let fields: [any CustomStringConvertible] = [
            1, order.id, order.event, order.generation, order.quantity, order.claimedAt.milliseconds,
            order.customer ?? "",
        ]
        return fields.map(\.description).joined(separator: "|")
    }

    private static func secondForm(_ order: Order) -> String {
        let fields: [any CustomStringConvertible] = [
            2, order.id, order.state.rawValue, order.version, order.event, order.generation, order.quantity,
            order.claimedAt.milliseconds, order.confirmedAt.map { "\($0.milliseconds)" } ?? "",
            order.expiresAt.map { "\($0.milliseconds)" } ?? "", order.customer ?? "",
        ]
        return fields.map(\.description).joined(separator: "|")
    }
}
