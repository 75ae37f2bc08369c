import Domain
import NIOCore

/// The body of `POST /events/{id}/waitlist`.
struct PlaceRequest: Hashable {
    private static let fields: Set<String> = ["quantity", "customer"]

    var quantity = 1
    var customer: String?

    init(_ body: ByteBuffer) throws(Problem) {
        guard let object = try StrictObject.read(body, fields: Self.fields) else { return }
        if let quantity = try object.integer("quantity", in: BuyRequest.quantityRange) { self.quantity = quantity }
        customer = try object.text("customer")
        guard let customer, !BuyRequest.isCustomer(customer) else { return }
        throw .invalidCustomer
    }
}
