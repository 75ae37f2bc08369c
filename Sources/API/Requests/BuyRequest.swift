import Domain
import NIOCore

/// The body of `POST /buy`. Every field is optional.
struct BuyRequest: Hashable {
    /// The range for all events; the claim checks the event's own maximum.
    static let quantityRange = 1...EventTerms.maxQuantityRange.upperBound
    private static let fields: Set<String> = ["event", "quantity", "customer"]

    var event = EventID.demo
    var quantity = 1
    var customer: String?

    /// `{}`: one ticket of the demo event.
    init() {}

    init(_ body: ByteBuffer) throws(Problem) {
        if body.readableBytes == 0 {
            self.init()
        } else if let plain = BuyRequest.plain(body) {
            self = plain
        } else {
            try self.init(strict: body)
        }
    }

    /// Reads a body in every form of JSON.
    init(strict body: ByteBuffer) throws(Problem) {
        self.init()
        guard let object = try StrictObject.read(body, fields: Self.fields) else { return }
        if let event = try EventID(in: object) { self.event = event }
        if let quantity = try object.integer("quantity", in: Self.quantityRange) { self.quantity = quantity }
        customer = try object.text("customer")
        guard let customer, !Self.isCustomer(customer) else { return }
        throw .invalidCustomer
    }

    /// A customer has 1 to 128 characters and no control characters: Postgres cannot store NUL, and the others corrupt logs.
    static func isCustomer(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        return (1...128).contains(scalars.count)
            && !scalars.contains { $0.properties.generalCategory == .control }
    }
}

extension Problem {
    static var invalidCustomer: Problem {
        .invalid("customer", "customer must be 1 to 128 characters without control characters.")
    }
}

extension EventID {
    /// The field `event` of a body; nil if it is absent.
    init?(in object: StrictObject) throws(Problem) {
        guard let text = try object.text("event") else { return nil }
        self = try EventID(checked: text, field: "event")
    }

    /// An id from a client. Throws a problem if it is malformed.
    init(checked text: String, field: String) throws(Problem) {
        guard let id = EventID(text) else {
            throw .invalid(field, "\(field) must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit.")
        }
        self = id
    }
}
