public import struct Foundation.Date

/// A purchase that the API has accepted: its units are taken.
public struct Claim: Hashable, Sendable, Decodable {
    /// The id of the order. Whoever knows it can read, confirm and cancel the order.
    public let ticket: String
    public let event: String
    public let quantity: Int
    /// `held` if the event has a hold time, otherwise `pending`.
    public let state: Order.State
    /// The end of the hold, by the clock of the API's store.
    public let expiresAt: Date?
    /// Whether the order was made by an earlier request with the same key. Then ``state`` is the one that it had.
    public internal(set) var isReplayed = false

    private enum CodingKeys: String, CodingKey {
        case ticket = "ticket_id"
        case event, quantity
        case state = "status"
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        ticket = try fields.decode(String.self, forKey: .ticket)
        event = try fields.decode(String.self, forKey: .event)
        quantity = try fields.decode(Int.self, forKey: .quantity)
        state = try fields.decode(Order.State.self, forKey: .state)
        expiresAt = try fields.timeIfPresent(.expiresAt)
    }
}
