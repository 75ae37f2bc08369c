import Domain
import Timing

/// A snapshot of an order as the queue holds it, readable at three in the morning:
/// `2|id|state|version|event|generation|quantity|claimed_at|confirmed_at|expires_at|customer`.
///
/// The first field is the form's number, so that releases with different forms can run side by side. The
/// customer comes last and may hold any character; times are milliseconds since 1970. The scripts that claim and change
/// orders write it, this reads it.
package enum QueueEntry {
    /// Why an entry cannot be read.
    package struct Unreadable: Error, Hashable {
        package var reason: String
    }

    package static func decode(_ bytes: [UInt8]) throws(Unreadable) -> Order {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Unreadable(reason: "it is not UTF-8") }
        let fields = text.barSeparated(upTo: 11)
        if fields[0] == "1" { return try decodeFirstForm(text) }
        guard fields[0] == "2" else { throw Unreadable(reason: "its form is not known to this release") }
        guard fields.count == 11, let id = OrderID(fields[1]), let state = OrderState(rawValue: String(fields[2])),
            let version = Int32(fields[3]), version > 0, let event = EventID(fields[4]),
            let generation = Int32(fields[5]), let quantity = Int32(fields[6]), quantity > 0,
            let claimed = Int64(fields[7]), claimed >= 0
        else { throw Unreadable(reason: "its fields are damaged") }
        return Order(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[10].isEmpty ? nil : String(fields[10]), state: state, version: Int(version),
            claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[8]).map(Timestamp.init(milliseconds:)),
            expiresAt: Int64(fields[9]).map(Timestamp.init(milliseconds:)))
    }

    /// The form of releases without holds: `1|id|event|generation|quantity|claimed_at|customer`.
    private static func decodeFirstForm(_ text: String) throws(Unreadable) -> Order {
        let fields = text.barSeparated(upTo: 7)
        guard fields.count == 7, let id = OrderID(fields[1]), let event = EventID(fields[2]),
            let generation = Int32(fields[3]), let quantity = Int32(fields[4]), quantity > 0,
            let claimed = Int64(fields[5]), claimed >= 0
        else { throw Unreadable(reason: "its fields are damaged") }
        return Order(
            id: id, event: event, generation: Int(generation), quantity: Int(quantity),
            customer: fields[6].isEmpty ? nil : String(fields[6]), state: .pending,
            claimedAt: Timestamp(milliseconds: claimed))
    }

    package static func encode(_ order: Order) -> String {
        let fields: [String] = [
            "2", order.id.description, order.state.rawValue, String(order.version), order.event.description,
            String(order.generation), String(order.quantity), String(order.claimedAt.milliseconds),
            order.confirmedAt.map { String($0.milliseconds) } ?? "",
            order.expiresAt.map { String($0.milliseconds) } ?? "", order.customer ?? "",
        ]
        return fields.joined(separator: "|")
    }
}
