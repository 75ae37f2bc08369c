public import struct Foundation.Date

/// An order, as the API reports it.
public struct Order: Hashable, Sendable, Decodable {
    public enum State: String, Hashable, Sendable, Codable {
        case waiting, pending, held, confirmed, rejected, cancelled, expired
    }

    public let ticket: String
    public let event: String
    public let quantity: Int
    public let state: State
    /// Whether the ledger has the order in this state; nil in the response to a confirmation or a cancellation.
    public let isPersisted: Bool?
    public let claimedAt: Date
    public let confirmedAt: Date?
    /// The end of the present or former hold.
    public let expiresAt: Date?
    /// Why the order was rejected, or its place removed from the waiting list.
    public let reason: String?

    /// Whether the ledger has the order in its state, or the state is final.
    public var isSettled: Bool {
        switch state {
        case .rejected, .cancelled, .expired: true
        case .waiting, .pending, .held, .confirmed: isPersisted == true
        }
    }

    private enum CodingKeys: String, CodingKey {
        case ticket = "ticket_id"
        case event, quantity, reason
        case state = "status"
        case isPersisted = "persisted"
        case claimedAt = "claimed_at"
        case confirmedAt = "confirmed_at"
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        ticket = try fields.decode(String.self, forKey: .ticket)
        event = try fields.decode(String.self, forKey: .event)
        quantity = try fields.decode(Int.self, forKey: .quantity)
        state = try fields.decode(State.self, forKey: .state)
        isPersisted = try fields.decodeIfPresent(Bool.self, forKey: .isPersisted)
        claimedAt = try fields.time(.claimedAt)
        confirmedAt = try fields.timeIfPresent(.confirmedAt)
        expiresAt = try fields.timeIfPresent(.expiresAt)
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
    }
}
