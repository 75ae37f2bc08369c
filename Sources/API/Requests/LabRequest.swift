import NIOCore

/// The body of `POST /lab/{strategy}/buy`.
struct LabBuyRequest {
    static let quantityRange = 1...10

    var quantity = 1

    init(_ body: ByteBuffer) throws(Problem) {
        guard let object = try StrictObject.read(body, fields: ["quantity"]) else { return }
        if let quantity = try object.integer("quantity", in: Self.quantityRange) { self.quantity = quantity }
    }
}

/// The body of `POST /lab/{strategy}/reset`.
struct LabResetRequest {
    static let capacityRange = 0...1_000_000

    var capacity = Lab.capacity

    init(_ body: ByteBuffer) throws(Problem) {
        guard let object = try StrictObject.read(body, fields: ["capacity"]) else { return }
        if let capacity = try object.integer("capacity", in: Self.capacityRange) { self.capacity = capacity }
    }
}
