/// An order as its string in Redis holds it:
/// `2|state|version|ledger_version|event|generation|quantity|claimed_at|confirmed_at|expires_at|reason|buyer`.
///
/// One string, not a hash: then one MSET writes the records of a whole group of claims. The first field is the form's
/// number; a field without a value is empty; the buyer (see ``Buyer``) comes last and may hold any character. The scripts
/// that claim, change and acknowledge orders write it too.
enum OrderRecord {
    /// Nil where no release of ours wrote it.
    static func decode(_ text: String, id: OrderID) -> Order? {
        let fields = text.split(separator: "|", maxSplits: 11, omittingEmptySubsequences: false)
        if fields[0] == "1" { return decodeFirstForm(text, id: id) }
        guard fields.count == 12, fields[0] == "2", let state = OrderState(rawValue: String(fields[1])),
            let version = Int(fields[2]), let ledgerVersion = Int(fields[3]), let event = EventID(fields[4]),
            let generation = Int(fields[5]), let quantity = Int(fields[6]), let claimed = Int64(fields[7])
        else { return nil }
        let buyer = Buyer(fields[11])
        return Order(
            id: id, event: event, generation: generation, quantity: quantity, customer: buyer.customer,
            idempotencyKey: buyer.idempotencyKey, state: state, version: version, ledgerVersion: ledgerVersion,
            claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[8]).map(Timestamp.init(milliseconds:)),
            expiresAt: Int64(fields[9]).map(Timestamp.init(milliseconds:)),
            reason: fields[10].isEmpty ? nil : String(fields[10]))
    }

    /// The form of releases without holds: `1|state|event|generation|quantity|claimed_at|confirmed_at|reason|customer`.
    private static func decodeFirstForm(_ text: String, id: OrderID) -> Order? {
        let fields = text.split(separator: "|", maxSplits: 8, omittingEmptySubsequences: false)
        guard fields.count == 9, let state = OrderState(rawValue: String(fields[1])), let event = EventID(fields[2]),
            let generation = Int(fields[3]), let quantity = Int(fields[4]), let claimed = Int64(fields[5])
        else { return nil }
        return Order(
            id: id, event: event, generation: generation, quantity: quantity,
            customer: fields[8].isEmpty ? nil : String(fields[8]), state: state,
            ledgerVersion: state == .pending ? 0 : 1, claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[6]).map(Timestamp.init(milliseconds:)),
            reason: fields[7].isEmpty ? nil : String(fields[7]))
    }

    static func encode(_ order: Order) -> String {
        let fields: [String] = [
            "2", order.state.rawValue, String(order.version), String(order.ledgerVersion), order.event.description,
            String(order.generation), String(order.quantity), String(order.claimedAt.milliseconds),
            order.confirmedAt.map { String($0.milliseconds) } ?? "",
            order.expiresAt.map { String($0.milliseconds) } ?? "", order.reason.map(plain) ?? "", Buyer(order).text,
        ]
        return fields.joined(separator: "|")
    }

    /// A reason as it can stand in a record.
    static func plain(_ reason: String) -> String { reason.replacing("|", with: "/") }
}

/// Who bought, and with which idempotency key, as the last field of a record or of an entry of the queue: the customer,
/// and after a tab the key. A customer has no control characters, and a key none but printable ones.
struct Buyer: Hashable {
    var customer: String?
    var idempotencyKey: String?

    init(_ order: Order) {
        customer = order.customer
        idempotencyKey = order.idempotencyKey
    }

    init(_ text: some StringProtocol) {
        let parts = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        customer = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
        idempotencyKey = parts.count == 2 ? String(parts[1]) : nil
    }

    var text: String {
        (customer ?? "") + (idempotencyKey.map { "\t" + $0 } ?? "")
    }
}
