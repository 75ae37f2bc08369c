package import Domain
package import RedisClient

/// Orders that were claimed without a hold and confirmed together: those whose sequence numbers are in the range.
///
/// One range replaces the change of each order's record. So an order whose record says that it is pending is confirmed
/// if a range covers its number. The ranges of a partition do not overlap. Redis has them as members of sorted sets,
/// `first|last|confirmed_at`, the last number as the score; scripts read them with the functions of
/// `Prelude/confirmed.lua`.
package struct ConfirmedRange: Hashable, Sendable {
    package private(set) var first: Int
    package private(set) var last: Int
    package let confirmedAt: Timestamp

    package init(_ number: Int, confirmedAt: Timestamp) {
        first = number
        last = number
        self.confirmedAt = confirmedAt
    }

    /// Nil if the text is not a range.
    package init?(_ text: String) {
        let fields = text.barSeparated(upTo: 3)
        guard fields.count == 3, let first = Int(fields[0]), let last = Int(fields[1]), first <= last,
            let confirmed = Int64(fields[2])
        else { return nil }
        self.first = first
        self.last = last
        confirmedAt = Timestamp(milliseconds: confirmed)
    }

    package var text: String { "\(first)|\(last)|\(confirmedAt.milliseconds)" }

    /// Adds the number that follows the last one. False if another number follows, or another time: then nothing was
    /// changed.
    mutating func extend(to number: Int, confirmedAt time: Timestamp) -> Bool {
        guard number == last + 1, time == confirmedAt else { return false }
        last = number
        return true
    }

    /// The command that reads the only range that can cover an order: the first that ends at its number or later. Nil
    /// if no range covers it: it is not pending or has no number.
    package static func query(for order: Order, in keys: Keyspace) -> [String]? {
        guard order.state == .pending, let number = order.sequence else { return nil }
        let key = keys.confirmed(withKey: order.id.isMadeFromKey)
        return ["ZRANGE", key, String(number), "+inf", "BYSCORE", "LIMIT", "0", "1"]
    }
}

extension Order {
    /// The order with what the reply to ``ConfirmedRange/query(for:in:)`` says of it.
    package func confirmed(by reply: RESPValue) -> Order {
        guard state == .pending, let sequence, let text = reply.array?.first?.string,
            let range = ConfirmedRange(text), (range.first...range.last).contains(sequence)
        else { return self }
        var order = self
        order.state = .confirmed
        order.ledgerVersion = version
        order.confirmedAt = range.confirmedAt
        order.sequence = nil
        return order
    }
}
