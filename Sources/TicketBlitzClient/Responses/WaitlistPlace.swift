public import struct Foundation.Date

/// A place on the waiting list of an event. It is an order, which waits for units.
public struct WaitlistPlace: Hashable, Sendable, Decodable {
    /// The id of the order.
    public let ticket: String
    public let event: String
    public let quantity: Int
    /// `waiting`; `held` once it has its offer, which ``SaleClient/confirm(_:within:)`` accepts.
    public let state: Order.State
    /// 1 for the place that was taken first; nil if the order does not wait any more. A place that wants fewer units can get its
    /// offer before one with a lower position.
    public let position: Int?
    /// Whether the ledger has the order in this state; nil in the response to a request that joins.
    public let isPersisted: Bool?
    /// When the place was taken; nil in the response to a request that joins.
    public let claimedAt: Date?
    /// The end of the present or former offer, by the clock of the API's store; nil if there was none.
    public let expiresAt: Date?
    /// Why the place was removed: `sale-ended`, `customer-limit` or `order-limit`.
    public let reason: String?
    /// Whether an earlier request with the same key took the place.
    public internal(set) var isReplayed = false

    private enum CodingKeys: String, CodingKey {
        case ticket = "ticket_id"
        case event, quantity, position, reason
        case state = "status"
        case isPersisted = "persisted"
        case claimedAt = "claimed_at"
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        ticket = try fields.decode(String.self, forKey: .ticket)
        event = try fields.decode(String.self, forKey: .event)
        quantity = try fields.decode(Int.self, forKey: .quantity)
        state = try fields.decode(Order.State.self, forKey: .state)
        position = try fields.decodeIfPresent(Int.self, forKey: .position)
        isPersisted = try fields.decodeIfPresent(Bool.self, forKey: .isPersisted)
        claimedAt = try fields.timeIfPresent(.claimedAt)
        expiresAt = try fields.timeIfPresent(.expiresAt)
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
    }

    /// The place that a response has, with what its head says.
    public init(_ response: APIResponse) throws {
        self = try response.decoded()
        isReplayed = response.isReplayed
    }
}
