import Domain

/// The forms in which earlier releases queued orders. They are read so that entries which were queued before an upgrade
/// can be settled.
enum LegacyOrderForms {
    static func decode(_ text: String) -> Order? {
        text.hasPrefix("1|") ? decodeFirst(text) : text.hasPrefix("2|") ? decodeSecond(text) : nil
    }

    /// `1|id|event|generation|quantity|claimed_at|customer`, of releases without holds.
    private static func decodeFirst(_ text: String) -> Order? {
        let fields = text.barSeparated(upTo: 7)
        guard fields.count == 7, let id = OrderID(fields[1]), let event = EventID(fields[2]),
            let generation = Int32(fields[3]), let quantity = Int32(fields[4]), quantity > 0,
            let claimed = Int64(fields[5]), claimed >= 0
        else { return nil }
        return Order(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[6].isEmpty ? nil : String(fields[6]), state: .pending,
            claimedAt: Timestamp(milliseconds: claimed))
    }

    /// `2|id|state|version|event|generation|quantity|claimed_at|confirmed_at|expires_at|customer`, of releases whose
    /// entries and records had different forms.
    private static func decodeSecond(_ text: String) -> Order? {
        let fields = text.barSeparated(upTo: 11)
        guard fields.count == 11, let id = OrderID(fields[1]), let state = OrderState(rawValue: String(fields[2])),
            let version = Int32(fields[3]), version > 0, let event = EventID(fields[4]),
            let generation = Int32(fields[5]), let quantity = Int32(fields[6]), quantity > 0,
            let claimed = Int64(fields[7]), claimed >= 0
        else { return nil }
        return Order(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[10].isEmpty ? nil : String(fields[10]), state: state, version: Int(version),
            claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[8]).map(Timestamp.init(milliseconds:)),
            expiresAt: Int64(fields[9]).map(Timestamp.init(milliseconds:)))
    }
}
