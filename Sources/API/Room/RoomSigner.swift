import Domain
import Hashing
import RedisSchema

/// Signs places and passes of waiting rooms, and reads those that this installation has signed.
struct RoomSigner: Sendable {
    /// Of the code in places and passes, in bytes. Nobody can try 2^64 codes, and a code is of one place.
    private static let codeLength = 16
    /// Of a pass: its version, the number of the key, the generation, the number of the place, and its end.
    private static let passLength = 18
    private static let passVersion: UInt8 = 1
    /// The secret of the installation. Passes name their key, so that there can be others.
    private static let passKey: UInt8 = 0

    let keyedIDs: KeyedIDs

    // MARK: Customers

    /// What stands for a customer in a place; 0 for none.
    func customer(_ name: String?, of event: EventID) throws(Problem) -> UInt64 {
        guard let name else { return 0 }
        return try code("room customer", event) { $0.append(name) }.first64Bits
    }

    /// What stands for a customer, or for a key if there is no customer, in the list of those who have a place.
    func name(customer: String?, key: String?, of event: EventID) throws(Problem) -> String? {
        guard let name = customer ?? key else { return nil }
        let digest = try code("room name", event) { message in
            message.append(customer == nil ? 1 : 0)
            message.append(name)
        }
        return Base64URL.encode(digest.bytes.prefix(9))
    }

    // MARK: Places

    func text(_ place: Place) throws(Problem) -> String {
        let fields = place.fields
        let code = try code(of: fields, for: place.event)
        return "\(place.event)." + Base64URL.encode(fields + code.bytes.prefix(Self.codeLength))
    }

    /// The place with this text. Throws a problem if there is none.
    func place(_ text: some StringProtocol) throws(Problem) -> Place {
        guard let dot = text.lastIndex(of: "."), let event = EventID(String(text[..<dot])),
            let bytes = Base64URL.decode(text[text.index(after: dot)...]),
            bytes.count == Place.fieldsLength + Self.codeLength,
            let place = Place(event: event, fields: bytes.prefix(Place.fieldsLength)),
            try code(of: place.fields, for: event).begins(with: bytes.dropFirst(Place.fieldsLength))
        else { throw .placeNotFound }
        return place
    }

    private func code(of fields: [UInt8], for event: EventID) throws(Problem) -> SHA256Digest {
        try code("room place", event) { $0.append(fields) }
    }

    // MARK: Passes

    /// The pass of a place.
    func pass(of place: Place, end: Timestamp) throws(Problem) -> String {
        let fields =
            [Self.passVersion, Self.passKey] + UInt32(truncatingIfNeeded: place.generation).bytes
            + UInt32(truncatingIfNeeded: place.number).bytes + end.milliseconds.bytes
        let code = try passCode(of: fields, for: place.event, place.customer)
        return Base64URL.encode(fields + code.bytes.prefix(Self.codeLength))
    }

    /// The pass with this text, whose end and generation are not checked. Throws a problem if it is not a pass of the event for
    /// this customer, or for anybody.
    func pass(_ text: String, event: EventID, customer: String?) throws(Problem) -> AdmissionPass {
        guard let bytes = Base64URL.decode(text), bytes.count == Self.passLength + Self.codeLength,
            bytes[0] == Self.passVersion, bytes[1] == Self.passKey
        else { throw .passInvalid }
        let (fields, code) = (Array(bytes.prefix(Self.passLength)), bytes.dropFirst(Self.passLength))
        var isValid = try passCode(of: fields, for: event, 0).begins(with: code)
        if !isValid, customer != nil {
            let customer = try self.customer(customer, of: event)
            isValid = try passCode(of: fields, for: event, customer).begins(with: code)
        }
        guard isValid else { throw .passInvalid }
        return AdmissionPass(
            number: Int(UInt64(bytes: fields[6..<10])), generation: Int(UInt64(bytes: fields[2..<6])),
            end: Timestamp(milliseconds: Int64(bitPattern: UInt64(bytes: fields[10...]))))
    }

    private func passCode(
        of fields: [UInt8], for event: EventID, _ customer: UInt64
    ) throws(Problem) -> SHA256Digest {
        try code("room pass", event) { message in
            message.append(fields)
            message.append(customer.bytes)
        }
    }

    // MARK: Codes

    /// Throws a problem if this program has not read the ledger yet.
    private func code(
        _ purpose: StaticString, _ event: EventID, _ write: (inout HMACSHA256.Message) -> Void
    ) throws(Problem) -> SHA256Digest {
        let code = keyedIDs.code(for: purpose) { message in
            message.append(event.description)
            message.append(0)
            write(&message)
        }
        guard let code else { throw .redisIsRecovering }
        return code
    }
}
