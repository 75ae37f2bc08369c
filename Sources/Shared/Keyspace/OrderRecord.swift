/// An order as its string in Redis holds it:
/// `1|state|event|generation|quantity|claimed_at|confirmed_at|reason|customer`.
///
/// One string, not a hash: then one MSET writes the records of a whole group of claims. The first field is the form's
/// number; a field without a value is empty; the customer comes last and may hold any character. The claim script writes
/// the first record of an order, the acknowledgement the next.
struct OrderRecord: Hashable {
    var order: Order
    var generation: Int

    init(order: Order, generation: Int) {
        self.order = order
        self.generation = generation
    }

    /// Nil where no release of ours wrote it.
    init?(id: OrderID, text: String) {
        let fields = text.split(separator: "|", maxSplits: 8, omittingEmptySubsequences: false)
        guard fields.count == 9, fields[0] == "1", let state = OrderState(rawValue: String(fields[1])),
            let event = EventID(fields[2]), let generation = Int(fields[3]), let quantity = Int(fields[4]),
            let claimed = Int64(fields[5])
        else { return nil }
        self.generation = generation
        order = Order(
            id: id, event: event, quantity: quantity, customer: fields[8].isEmpty ? nil : String(fields[8]),
            state: state, claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: Int64(fields[6]).map(Timestamp.init(milliseconds:)),
            reason: fields[7].isEmpty ? nil : String(fields[7]))
    }

    var text: String {
        let fields: [String] = [
            "1", order.state.rawValue, order.event.description, String(generation), String(order.quantity),
            String(order.claimedAt.milliseconds), order.confirmedAt.map { String($0.milliseconds) } ?? "",
            order.reason?.replacing("|", with: "/") ?? "", order.customer ?? "",
        ]
        return fields.joined(separator: "|")
    }
}
