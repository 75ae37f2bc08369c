public import struct Foundation.Date

/// A place in the waiting room of an event, as it is at one moment.
public struct RoomPlace: Hashable, Sendable, Decodable {
    public enum State: String, Hashable, Sendable, Codable {
        /// The order is drawn when the sale opens.
        case lobby
        case waiting
        /// ``RoomPlace/pass`` allows to buy.
        case admitted
        /// The pass has ended: whoever joins again gets a new place at the end.
        case expired
        /// No unit is left and none is held. If one comes back, the state changes.
        case soldOut = "sold_out"
        /// The sale has ended or was reset, or has no waiting room any more.
        case over
    }

    /// Why nobody is admitted at the moment. Later releases can have other reasons than these.
    public struct Reason: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let notOpen = Self(rawValue: "not_open")
        public static let paused = Self(rawValue: "paused")
        public static let closed = Self(rawValue: "closed")
        /// The ledger does not keep up.
        public static let behind = Self(rawValue: "behind")
        public static let soldOut = Self(rawValue: "sold_out")
        public static let allHeld = Self(rawValue: "all_held")
        /// As many passes are valid and unused as units are available.
        public static let passes = Self(rawValue: "passes")
    }

    /// The text of the place. Whoever knows it has the place.
    public let place: String
    public let event: String
    public let state: State
    /// When the lobby is drawn, in the state ``State/lobby``.
    public let opensAt: Date?
    /// How many people are admitted before, in the state ``State/waiting``.
    public let ahead: Int?
    /// The estimated time until it is admitted; nil while nobody is admitted.
    public let estimate: Duration?
    /// Why nobody is admitted at the moment; nil if people are admitted.
    public let reason: Reason?
    /// The pass for ``SaleClient/buy(_:quantity:customer:pass:key:within:)``, in the state ``State/admitted``.
    public let pass: String?
    /// The end of the pass, by the clock of the API's store.
    public let expiresAt: Date?
    /// When the state is worth another look; nil if it does not change any more.
    public internal(set) var nextLook: Duration?
    /// Whether the customer or the key had the place already.
    public internal(set) var isReplayed = false

    /// Whether there is something to do, or nothing to wait for: the place is admitted, or cannot be.
    public var isSettled: Bool {
        switch state {
        case .lobby, .waiting: false
        case .admitted, .expired, .soldOut, .over: true
        }
    }

    private enum CodingKeys: String, CodingKey {
        case place, event, state, ahead, reason, pass
        case opensAt = "opens_at"
        case estimate = "estimate_s"
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        place = try fields.decode(String.self, forKey: .place)
        event = try fields.decode(String.self, forKey: .event)
        state = try fields.decode(State.self, forKey: .state)
        opensAt = try fields.timeIfPresent(.opensAt)
        ahead = try fields.decodeIfPresent(Int.self, forKey: .ahead)
        estimate = try fields.decodeIfPresent(Int.self, forKey: .estimate).map { .seconds($0) }
        reason = try fields.decodeIfPresent(Reason.self, forKey: .reason)
        pass = try fields.decodeIfPresent(String.self, forKey: .pass)
        expiresAt = try fields.timeIfPresent(.expiresAt)
    }

    /// The place that a response has, with what its head says.
    public init(_ response: APIResponse) throws {
        self = try response.decoded()
        nextLook = response.retryAfter.flatMap { Int($0) }.map { .seconds(min(max(0, $0), 3600)) }
        isReplayed = response.isReplayed
    }
}
