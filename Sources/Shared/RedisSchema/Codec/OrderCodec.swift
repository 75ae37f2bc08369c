package import Domain

/// The form of an order in Redis, in its record and in the queue:
/// `2|state|version|ledger_version|id|event|generation|quantity|claimed_at|confirmed_at|expires_at|reason|customer`.
/// An order with a sequence number has another form:
/// `3|state|version|ledger_version|sequence|id|`, and the other fields as before.
///
/// One string, not a hash: one MSET writes the records of a whole group of claims. The first field is the number of the
/// form, so that releases with different forms can run side by side. A field without a value is empty; times are
/// milliseconds since 1970; the customer comes last and can contain any character. Scripts read and write the same
/// forms with the functions of `Prelude/orders.lua`.
package enum OrderCodec {
    /// An entry of the queue cannot be read.
    package struct Unreadable: Error, Hashable {
        package var reason: String
    }

    private static let fieldCount = 13

    /// An order's record; nil if it is in neither form.
    package static func decode(_ text: String) -> Order? {
        let isNumbered = text.hasPrefix("3|")
        var fields = text.barSeparated(upTo: isNumbered ? fieldCount + 1 : fieldCount)
        var sequence: Int?
        if isNumbered, fields.count > fieldCount {
            guard let number = Int(fields.remove(at: 4)), number > 0 else { return nil }
            sequence = number
        }
        guard fields.count == fieldCount, isNumbered == (sequence != nil), isNumbered || fields[0] == "2",
            let state = OrderState(rawValue: String(fields[1])),
            let version = Int32(fields[2]), version > 0, let ledgerVersion = Int32(fields[3]), ledgerVersion >= 0,
            let id = OrderID(fields[4]), let event = EventID(fields[5]), let generation = Int32(fields[6]),
            let quantity = Int32(fields[7]), quantity > 0, let claimed = Int64(fields[8]), claimed >= 0
        else { return nil }
        return Order(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[12].isEmpty ? nil : String(fields[12]), state: state, version: Int(version),
            ledgerVersion: Int(ledgerVersion), sequence: sequence, claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[9]).map(Timestamp.init(milliseconds:)),
            expiresAt: Int64(fields[10]).map(Timestamp.init(milliseconds:)),
            reason: fields[11].isEmpty ? nil : String(fields[11]))
    }

    /// An entry of the queue, also one that an earlier release has queued.
    package static func decode(entry bytes: [UInt8]) throws(Unreadable) -> Order {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Unreadable(reason: "it is not UTF-8") }
        if let order = decode(text) ?? LegacyOrderForms.decode(text) { return order }
        let isKnown = text.hasPrefix("1|") || text.hasPrefix("2|") || text.hasPrefix("3|")
        throw Unreadable(reason: isKnown ? "its fields are damaged" : "its form is not known to this release")
    }

    package static func encode(_ order: Order) -> String {
        var fields: [String] = [
            order.sequence == nil ? "2" : "3", order.state.rawValue, String(order.version),
            String(order.ledgerVersion), order.id.description, order.event.description, String(order.generation),
            String(order.quantity),
            String(order.claimedAt.milliseconds), order.confirmedAt.map { String($0.milliseconds) } ?? "",
            order.expiresAt.map { String($0.milliseconds) } ?? "", order.reason.map(plain) ?? "",
            order.customer ?? "",
        ]
        if let sequence = order.sequence { fields.insert(String(sequence), at: 4) }
        return fields.joined(separator: "|")
    }

    /// A reason without bars, as a record can contain it. Replaces by Unicode scalars: a bar with a combining mark is
    /// another character, but the same separator.
    package static func plain(_ reason: String) -> String {
        String(String.UnicodeScalarView(reason.unicodeScalars.map { $0 == "|" ? "/" : $0 }))
    }
}
