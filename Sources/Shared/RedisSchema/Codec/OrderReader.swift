import Domain

/// Reads entries of the queue in the present forms from their bytes, without a text for each field.
///
/// It reads the entries that scripts write and no others: what it returns is what ``OrderCodec`` decodes, and if it
/// returns nil, ``OrderCodec`` decides whether the entry is valid.
struct OrderReader {
    /// The event of the last entry, which is usually the event of the next one too.
    private var event: EventID?

    /// An entry in any form.
    mutating func decode(entry: [UInt8]) throws(OrderCodec.Unreadable) -> Order {
        if let order = order(of: entry) { return order }
        return try OrderCodec.decode(entry: entry)
    }

    mutating func order(of entry: [UInt8]) -> Order? {
        entry.withUnsafeBufferPointer { bytes in
            var fields = BarFields(bytes)
            switch fields.number(digits: 1) {
            case 2: return order(of: &fields, isNumbered: false)
            case 3: return order(of: &fields, isNumbered: true)
            default: return nil
            }
        }
    }

    /// A version, a generation or a quantity of nine digits fits the 32 bits that ``OrderCodec`` allows.
    private mutating func order(of fields: inout BarFields, isNumbered: Bool) -> Order? {
        guard let state = Self.state(fields.next()), let version = fields.number(digits: 9), version > 0,
            let ledgerVersion = fields.number(digits: 9)
        else { return nil }
        var sequence: Int?
        if isNumbered {
            guard let number = fields.number(digits: 18), number > 0 else { return nil }
            sequence = number
        }
        guard let id = fields.next().flatMap({ OrderID(utf8: $0) }),
            let event = event(fields.next()), let generation = fields.number(digits: 9),
            let quantity = fields.number(digits: 9), quantity > 0, let claimedAt = Self.time(&fields)
        else { return nil }
        var order = Order(
            id: id, event: event, generation: generation, quantity: quantity, state: state, version: version,
            ledgerVersion: ledgerVersion, sequence: sequence, claimedAt: claimedAt)
        if !fields.skipEmpty() {
            guard let time = Self.time(&fields) else { return nil }
            order.confirmedAt = time
        }
        if !fields.skipEmpty() {
            guard let time = Self.time(&fields) else { return nil }
            order.expiresAt = time
        }
        if !fields.skipEmpty() {
            guard let reason = fields.next().flatMap({ String(validating: $0, as: UTF8.self) }) else { return nil }
            order.reason = reason
        }
        let customer = fields.rest()
        if !customer.isEmpty {
            guard let customer = String(validating: customer, as: UTF8.self) else { return nil }
            order.customer = customer
        }
        return order
    }

    private static func state(_ bytes: UnsafeBufferPointer<UInt8>?) -> OrderState? {
        guard let bytes else { return nil }
        return OrderState.allCases.first { $0.rawValue.utf8.elementsEqual(bytes) }
    }

    private static func time(_ fields: inout BarFields) -> Timestamp? {
        fields.number(digits: 18).map { Timestamp(milliseconds: Int64($0)) }
    }

    private mutating func event(_ bytes: UnsafeBufferPointer<UInt8>?) -> EventID? {
        guard let bytes else { return nil }
        if let event, event.description.utf8.elementsEqual(bytes) { return event }
        event = EventID(utf8: bytes)
        return event
    }
}
