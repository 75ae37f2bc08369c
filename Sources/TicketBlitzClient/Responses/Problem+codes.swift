extension Problem.Code {
    public static let invalidRequest = Self(rawValue: "invalid-request")
    public static let unauthorized = Self(rawValue: "unauthorized")
    public static let eventNotFound = Self(rawValue: "event-not-found")
    public static let orderNotFound = Self(rawValue: "order-not-found")
    /// Fewer units are left than requested; ``Problem/available`` says how many.
    public static let insufficientStock = Self(rawValue: "insufficient-stock")
    /// All units that are left are held; some may come back.
    public static let allHeld = Self(rawValue: "all-held")
    public static let soldOut = Self(rawValue: "sold-out")
    public static let notOnSale = Self(rawValue: "not-on-sale")
    public static let customerLimit = Self(rawValue: "customer-limit")
    public static let orderLimit = Self(rawValue: "order-limit")
    public static let holdLimit = Self(rawValue: "hold-limit")
    public static let holdPaused = Self(rawValue: "hold-paused")
    /// The order's state does not allow the transition; ``Problem/state`` is the state.
    public static let orderState = Self(rawValue: "order-state")
    public static let holdExpired = Self(rawValue: "hold-expired")
    /// The key was used for another quantity.
    public static let idempotencyKeyReused = Self(rawValue: "idempotency-key-reused")
    public static let rateLimited = Self(rawValue: "rate-limited")
    public static let queueFull = Self(rawValue: "queue-full")
    public static let recovering = Self(rawValue: "recovering")
    public static let storeUnavailable = Self(rawValue: "store-unavailable")
    public static let tooManyClients = Self(rawValue: "too-many-clients")
    /// The event has a waiting room, and the purchase has no pass of it.
    public static let passRequired = Self(rawValue: "pass-required")
    /// The pass is of another event, customer or sale.
    public static let passInvalid = Self(rawValue: "pass-invalid")
    /// The pass has ended: join the waiting room again.
    public static let passExpired = Self(rawValue: "pass-expired")
    /// ``Problem/available`` says how many can still be bought with the pass.
    public static let passUsed = Self(rawValue: "pass-used")
    /// Nobody can join the waiting room before ``Problem/retryAfter``.
    public static let roomNotOpen = Self(rawValue: "room-not-open")
    /// The event has no waiting room: buy without a pass.
    public static let noRoom = Self(rawValue: "no-room")
    public static let placeNotFound = Self(rawValue: "place-not-found")
    public static let roomBusy = Self(rawValue: "room-busy")
    /// The shop does not let this client join the waiting room.
    public static let proofRefused = Self(rawValue: "proof-refused")
    public static let proofUnavailable = Self(rawValue: "proof-unavailable")
    public static let noWaitlist = Self(rawValue: "no-waitlist")
    /// Nobody waits for units that can be bought; ``Problem/available`` says how many.
    public static let available = Self(rawValue: "available")
    /// The customer has a place, the order ``Problem/ticket``.
    public static let onWaitlist = Self(rawValue: "on-waitlist")
    public static let waitlistFull = Self(rawValue: "waitlist-full")
    public static let routeNotFound = Self(rawValue: "route-not-found")

    /// Whether the response is not a problem document, so that it may be that of a proxy.
    var isForeign: Bool { rawValue.hasPrefix("http-") }
}

/// What a response with an error means for the request.
extension Problem {
    /// Codes of responses with a status of 500 or more that imply that nothing was changed.
    private static let harmless: Set<Code> = [.queueFull, .recovering, .tooManyClients, .roomBusy]

    /// Whether the request has certainly changed nothing: all statuses below 500, and responses that say so.
    public var statesNothingChanged: Bool {
        status < 500 || Self.harmless.contains(code) || detail.lowercased().contains("nothing was changed")
    }

    /// Whether the same request can be accepted later, without anything that the caller does.
    var mayPass: Bool {
        switch status {
        case 408: true
        case 429: code != .holdPaused
        default: status >= 500
        }
    }

    /// Whether the API has looked for the order of the request's key or path before it refused.
    var isJudgement: Bool {
        switch status {
        // A claim looks for the order of its key before it looks at the end of the pass.
        case 403: code == .passExpired
        case 401, 405, 407: false
        default: !code.isForeign && code != .routeNotFound
        }
    }
}
