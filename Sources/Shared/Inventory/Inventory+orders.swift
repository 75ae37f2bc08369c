/// Orders' records.
extension Inventory {
    /// The order's record, or nil where Redis has none: it never had, let it go, or the order's event was reset since.
    public func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        guard let text = try await client.connection.send(RedisCommand("GET", keys.order(id))).string else {
            return nil
        }
        guard let record = OrderRecord(id: id, text: text) else { return nil }
        let generation = try await client.connection.send(
            RedisCommand("HGET", keys.event(record.order.event), "generation"))
        guard let present = generation.string, present != String(record.generation) else { return record.order }
        return nil
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
