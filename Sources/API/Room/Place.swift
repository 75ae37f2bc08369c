import Domain

/// A place in a waiting room: the number that its holder got, for whom, and in which generation of the event.
///
/// As text, it is `EVENT.` and 44 characters: the fields and a code with the secret of the installation. Whoever knows the text
/// has the place, like a ticket of a cloakroom. It is the same text for the same place, and no server stores it.
struct Place: Hashable, Sendable {
    var event: EventID
    var generation: Int
    var number: Int
    /// Stands for the customer; 0 if the place is for nobody in particular.
    var customer: UInt64

    private static let version: UInt8 = 1

    var fields: [UInt8] {
        [Self.version] + UInt32(truncatingIfNeeded: generation).bytes + UInt32(truncatingIfNeeded: number).bytes
            + customer.bytes
    }

    /// Nil if the bytes are not the fields of a place.
    init?(event: EventID, fields: ArraySlice<UInt8>) {
        guard fields.count == Self.fieldsLength, fields.first == Self.version else { return nil }
        let start = fields.startIndex
        self.event = event
        generation = Int(UInt64(bytes: fields[(start + 1)..<(start + 5)]))
        number = Int(UInt64(bytes: fields[(start + 5)..<(start + 9)]))
        customer = UInt64(bytes: fields[(start + 9)...])
    }

    init(event: EventID, generation: Int, number: Int, customer: UInt64) {
        self.event = event
        self.generation = generation
        self.number = number
        self.customer = customer
    }

    static let fieldsLength = 17
}

extension FixedWidthInteger {
    /// The most significant byte first.
    var bytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension UInt64 {
    /// The number that up to 8 bytes are, the most significant one first.
    init(bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
