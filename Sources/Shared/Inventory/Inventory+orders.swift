/// Orders' records.
extension Inventory {
    /// The order's record, or nil where Redis has none: it never had, let it go, or the order's event was reset since.
    public func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        let fields = try await client.connection.send(RedisCommand("HGETALL", keys.order(id)))
        guard let record = OrderRecord(id: id, fields: try fields.fields()) else { return nil }
        let generation = try await client.connection.send(
            RedisCommand("HGET", keys.event(record.order.event), "generation"))
        guard let present = generation.string, present != record.generation else { return record.order }
        return nil
    }
}

/// An order as its hash in Redis holds it.
struct OrderRecord: Hashable {
    var order: Order
    var generation: String

    /// Nil where there is no record, or one that no release of ours wrote.
    init?(id: OrderID, fields: [String: String]) {
        guard let event = fields["event"].flatMap({ EventID($0) }), let generation = fields["generation"],
            let quantity = fields["quantity"].flatMap({ Int($0) }),
            let state = fields["state"].flatMap({ OrderState(rawValue: $0) }),
            let claimed = fields["claimed_at"].flatMap({ Int64($0) })
        else { return nil }
        self.generation = generation
        order = Order(
            id: id, event: event, quantity: quantity, customer: fields.nonEmpty("customer"), state: state,
            claimedAt: Timestamp(milliseconds: claimed),
            confirmedAt: fields.nonEmpty("confirmed_at").flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            reason: fields.nonEmpty("reason"))
    }
}

extension [String: String] {
    /// A field's value; nil where it is missing or empty.
    func nonEmpty(_ field: String) -> String? {
        self[field].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension RESPValue {
    /// The answer of HGETALL.
    func fields() throws(RedisError) -> [String: String] {
        guard let elements = array, elements.count.isMultiple(of: 2) else {
            throw RedisError(.protocolViolation, "not the fields of a hash", mayHaveRun: false)
        }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: elements.count, by: 2) {
            if let name = elements[index].string { fields[name] = elements[index + 1].string }
        }
        return fields
    }
}
