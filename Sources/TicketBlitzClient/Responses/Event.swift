public import struct Foundation.Date

/// An event and its counters.
public struct Event: Hashable, Sendable, Decodable, Identifiable {
    public enum Status: String, Hashable, Sendable, Codable {
        case scheduled, open, paused, closed
        case soldOut = "sold_out"
    }

    public let id: String
    public let name: String
    public let capacity: Int
    public let available: Int
    public let held: Int
    /// Claimed, and not in the ledger yet.
    public let pending: Int
    public let sold: Int
    public let status: Status
    /// The most units of one order.
    public let maxQuantity: Int
    /// The most units of one customer; nil for no limit.
    public let perCustomerLimit: Int?
    /// How long an order is held; nil if orders are sold at once.
    public let hold: Duration?
    public let opensAt: Date?
    public let closesAt: Date?
    /// People that the event's waiting room admits in a second; nil if it has none. Who buys needs a ``RoomPlace/pass``.
    public let admissionRate: Int?
    /// Whether customers can take places on a waiting list when nothing is available.
    public let hasWaitlist: Bool
    /// Places on the waiting list.
    public let waiting: Int

    private enum CodingKeys: String, CodingKey {
        case id, name, capacity, available, held, pending, sold, status, waiting
        case admissionRate = "admission_rate"
        case hasWaitlist = "waitlist"
        case maxQuantity = "max_quantity"
        case perCustomerLimit = "per_customer_limit"
        case holdSeconds = "hold_seconds"
        case opensAt = "opens_at"
        case closesAt = "closes_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        name = try fields.decode(String.self, forKey: .name)
        capacity = try fields.decode(Int.self, forKey: .capacity)
        available = try fields.decode(Int.self, forKey: .available)
        held = try fields.decode(Int.self, forKey: .held)
        pending = try fields.decode(Int.self, forKey: .pending)
        sold = try fields.decode(Int.self, forKey: .sold)
        status = try fields.decode(Status.self, forKey: .status)
        maxQuantity = try fields.decode(Int.self, forKey: .maxQuantity)
        perCustomerLimit = try fields.decodeIfPresent(Int.self, forKey: .perCustomerLimit)
        hold = try fields.decodeIfPresent(Int.self, forKey: .holdSeconds).map { .seconds($0) }
        opensAt = try fields.timeIfPresent(.opensAt)
        closesAt = try fields.timeIfPresent(.closesAt)
        admissionRate = try fields.decodeIfPresent(Int.self, forKey: .admissionRate)
        hasWaitlist = try fields.decodeIfPresent(Bool.self, forKey: .hasWaitlist) ?? false
        waiting = try fields.decodeIfPresent(Int.self, forKey: .waiting) ?? 0
    }
}

/// The body of `GET /events`.
struct EventPage: Decodable {
    let events: [Event]
}
