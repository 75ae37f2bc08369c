/// An order as the queue holds it: `1|id|event|generation|quantity|claimed_at|customer`, readable at three in the morning.
///
/// The first field is the form's number, so that releases with different forms can run side by side. The customer comes
/// last and may hold any character; times are milliseconds since 1970. The claim script writes it, this reads it.
enum QueueEntry {
    /// Why an entry cannot be read.
    struct Unreadable: Error, Hashable {
        var reason: String
    }

    static func decode(_ bytes: [UInt8]) throws(Unreadable) -> QueuedOrder {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Unreadable(reason: "it is not UTF-8") }
        let fields = text.split(separator: "|", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields[0] == "1" else { throw Unreadable(reason: "its form is not known to this release") }
        guard fields.count == 7, let id = OrderID(fields[1]), let event = EventID(fields[2]),
            let generation = Int32(fields[3]), let quantity = Int32(fields[4]), quantity > 0,
            let claimed = Int64(fields[5]), claimed >= 0
        else { throw Unreadable(reason: "its fields are damaged") }
        return QueuedOrder(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[6].isEmpty ? nil : String(fields[6]), claimedAt: Timestamp(milliseconds: claimed))
    }

    static func encode(_ order: QueuedOrder) -> String {
        let fields: [String] = [
            "1", order.id.description, order.event.description, String(order.generation), String(order.quantity),
            String(order.claimedAt.milliseconds), order.customer ?? "",
        ]
        return fields.joined(separator: "|")
    }
}
