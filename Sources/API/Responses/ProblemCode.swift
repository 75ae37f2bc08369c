import Domain
import HTTPTypes

/// The codes of problems, each with its HTTP status and title.
enum ProblemCode: String, CaseIterable {
    case invalidRequest = "invalid-request"
    case unauthorized
    case adminDisabled = "admin-disabled"
    case forbidden
    case eventNotFound = "event-not-found"
    case deadLetterNotFound = "dead-letter-not-found"
    case orderNotFound = "order-not-found"
    case webhookNotFound = "webhook-not-found"
    case deliveryNotFound = "delivery-not-found"
    case noWaitlist = "no-waitlist"
    case placeNotFound = "place-not-found"
    case noRoom = "no-room"
    case passRequired = "pass-required"
    case passInvalid = "pass-invalid"
    case passExpired = "pass-expired"
    case passUsed = "pass-used"
    case roomNotOpen = "room-not-open"
    case roomBusy = "room-busy"
    case proofRefused = "proof-refused"
    case proofUnavailable = "proof-unavailable"
    case routeNotFound = "route-not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    case insufficientStock = "insufficient-stock"
    case allHeld = "all-held"
    case customerLimit = "customer-limit"
    case orderLimit = "order-limit"
    case holdLimit = "hold-limit"
    case available
    case waitlistFull = "waitlist-full"
    case onWaitlist = "on-waitlist"
    case orderState = "order-state"
    case notOnSale = "not-on-sale"
    case capacityInUse = "capacity-in-use"
    case eventInUse = "event-in-use"
    case eventHasOrders = "event-has-orders"
    case eventArchived = "event-archived"
    case webhookWithoutURL = "webhook-without-url"
    case webhookPaused = "webhook-paused"
    case tooManyWebhooks = "too-many-webhooks"
    case changesNotWritten = "changes-not-written"
    case preconditionFailed = "precondition-failed"
    case soldOut = "sold-out"
    case holdExpired = "hold-expired"
    case cursorExpired = "cursor-expired"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case idempotencyKeyReused = "idempotency-key-reused"
    case headersTooLarge = "headers-too-large"
    case rateLimited = "rate-limited"
    case holdPaused = "hold-paused"
    case internalError = "internal-error"
    case queueFull = "queue-full"
    case storeUnavailable = "store-unavailable"
    case tooManyClients = "too-many-clients"
    case recovering
    case tooManyExports = "too-many-exports"
    case tooManyViewers = "too-many-viewers"
    case tooManyReaders = "too-many-readers"

    var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest: .badRequest
        case .unauthorized: .unauthorized
        case .adminDisabled, .forbidden, .passRequired, .passInvalid, .passExpired, .proofRefused: .forbidden
        case .eventNotFound, .orderNotFound, .deadLetterNotFound, .webhookNotFound, .deliveryNotFound,
            .noWaitlist, .placeNotFound, .noRoom, .routeNotFound:
            .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .insufficientStock, .allHeld, .customerLimit, .orderLimit, .holdLimit, .available, .waitlistFull,
            .onWaitlist, .orderState, .notOnSale, .capacityInUse, .eventInUse,
            .eventHasOrders, .eventArchived, .webhookWithoutURL, .webhookPaused, .tooManyWebhooks,
            .changesNotWritten, .passUsed, .roomNotOpen:
            .conflict
        case .preconditionFailed: .preconditionFailed
        case .soldOut, .holdExpired, .cursorExpired: .gone
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .idempotencyKeyReused: .unprocessableContent
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .rateLimited, .holdPaused: .tooManyRequests
        case .internalError: .internalServerError
        case .queueFull, .storeUnavailable, .tooManyClients, .recovering, .tooManyExports, .tooManyViewers,
            .tooManyReaders, .roomBusy, .proofUnavailable:
            .serviceUnavailable
        }
    }

    var title: String {
        switch self {
        case .invalidRequest: "The request is not valid"
        case .unauthorized: "A valid bearer token is required"
        case .adminDisabled: "Administration is disabled"
        case .forbidden: "The role operator is needed"
        case .eventNotFound: "There is no such event"
        case .orderNotFound: "There is no such order"
        case .deadLetterNotFound: "There is no such dead letter"
        case .webhookNotFound: "There is no such webhook"
        case .deliveryNotFound: "There is no such delivery"
        case .webhookWithoutURL: "The webhook has no URL"
        case .webhookPaused: "The webhook is paused"
        case .tooManyWebhooks: "There are too many webhooks"
        case .changesNotWritten: "Changes are not written"
        case .cursorExpired: "Changes after the cursor may be missing"
        case .tooManyReaders: "Too many clients wait for changes"
        case .noWaitlist: "The event has no waiting list"
        case .placeNotFound: "There is no such place"
        case .noRoom: "The event has no waiting room"
        case .passRequired: "A pass of the waiting room is required"
        case .passInvalid: "The pass is not valid"
        case .passExpired: "The pass has expired"
        case .passUsed: "The pass was used"
        case .roomNotOpen: "The waiting room is not open yet"
        case .proofRefused: "Joining is not allowed"
        case .proofUnavailable: "Whether joining is allowed is not known"
        case .roomBusy: "Too many people are joining"
        case .routeNotFound: "There is no such route"
        case .methodNotAllowed: "The route does not accept this method"
        case .requestTimeout: "The request took too long to arrive"
        case .insufficientStock: "Fewer tickets are left than requested"
        case .allHeld: "All remaining tickets are held"
        case .customerLimit: "The customer's limit is reached"
        case .orderLimit: "The limit of orders is reached"
        case .holdLimit: "The limit of holds is reached"
        case .available: "Tickets are available"
        case .waitlistFull: "The waiting list is full"
        case .onWaitlist: "The customer is on the waiting list"
        case .orderState: "The order's state does not allow it"
        case .notOnSale: "The event is not on sale"
        case .capacityInUse: "The capacity is in use"
        case .eventInUse: "The event is in use"
        case .eventHasOrders: "The event has orders"
        case .eventArchived: "The event is archived"
        case .preconditionFailed: "The event has changed"
        case .soldOut: "The event is sold out"
        case .holdExpired: "The hold has expired"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .idempotencyKeyReused: "The idempotency key belongs to another order"
        case .headersTooLarge: "The headers are too large or too many"
        case .rateLimited: "Too many requests"
        case .holdPaused: "Holds are paused after holds that lapsed"
        case .internalError: "Internal error"
        case .queueFull: "Too many orders are queued"
        case .storeUnavailable: "A store does not respond"
        case .tooManyClients: "Postgres has no connection left"
        case .recovering: "The event is being recovered"
        case .tooManyExports: "Too many exports are being sent"
        case .tooManyViewers: "Too many clients watch the overview"
        }
    }
}

extension ProblemCode {
    /// The code that the refusal of a claim is reported with.
    init(_ refusal: Refusal) {
        self =
            switch refusal {
            case .eventUnknown: .eventNotFound
            case .recovering: .recovering
            case .scheduled, .paused, .closed: .notOnSale
            case .quantityAboveMaximum, .customerRequired: .invalidRequest
            case .customerLimit: .customerLimit
            case .orderLimit: .orderLimit
            case .holdLimit: .holdLimit
            case .holdPaused: .holdPaused
            case .queueFull: .queueFull
            case .insufficientStock: .insufficientStock
            case .allHeld: .allHeld
            case .soldOut: .soldOut
            case .idempotencyKeyReused: .idempotencyKeyReused
            case .noWaitlist: .noWaitlist
            case .available: .available
            case .waitlistFull: .waitlistFull
            case .onWaitlist: .onWaitlist
            case .passRequired: .passRequired
            case .passInvalid: .passInvalid
            case .passExpired: .passExpired
            case .passUsed: .passUsed
            }
    }
}
