import Domain
import Timing

/// An order as its string in Redis holds it:
/// `2|state|version|ledger_version|id|event|generation|quantity|claimed_at|confirmed_at|expires_at|reason|customer`.
///
/// One string, not a hash: then one MSET writes the records of a whole group of claims. The first field is the form's
/// number; a field without a value is empty; the customer comes last and may hold any character. The scripts that claim,
/// change and acknowledge orders write it too.
package enum OrderRecord {
    /// Nil where no release of ours wrote it.
    package static func decode(_ text: String) -> Order? {
        let fields = text.barSeparated(upTo: 13)
        guard fields.count == 13, fields[0] == "2", let state = OrderState(rawValue: String(fields[1])),
            let version = Int(fields[2]), let ledgerVersion = Int(fields[3]), let id = OrderID(fields[4]),
            let event = EventID(fields[5]), let generation = Int(fields[6]), let quantity = Int(fields[7]),
            let claimed = Int64(fields[8])
        else { return nil }
        return Order(
            id: id, event: event, generation: generation, quantity: quantity,
            customer: fields[12].isEmpty ? nil : String(fields[12]), state: state, version: version,
            ledgerVersion: ledgerVersion, claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[9]).map(Timestamp.init(milliseconds:)),
            expiresAt: Int64(fields[10]).map(Timestamp.init(milliseconds:)),
            reason: fields[11].isEmpty ? nil : String(fields[11]))
    }

    package static func encode(_ order: Order) -> String {
        let fields: [String] = [
            "2", order.state.rawValue, String(order.version), String(order.ledgerVersion), order.id.description,
            order.event.description, String(order.generation), String(order.quantity),
            String(order.claimedAt.milliseconds), order.confirmedAt.map { String($0.milliseconds) } ?? "",
            order.expiresAt.map { String($0.milliseconds) } ?? "", order.reason.map(plain) ?? "",
            order.customer ?? "",
        ]
        return fields.joined(separator: "|")
    }

    /// A reason as it can stand in a record.
    package static func plain(_ reason: String) -> String { reason.replacing("|", with: "/") }
}
