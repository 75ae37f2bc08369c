import Domain
import HTTPTypes

/// The codes of problems, each with its HTTP status and title.
enum ProblemCode: String, CaseIterable {
    case invalidRequest = "invalid-request"
    case unauthorized
    case adminDisabled = "admin-disabled"
    case eventNotFound = "event-not-found"
    case deadLetterNotFound = "dead-letter-not-found"
    case orderNotFound = "order-not-found"
    case routeNotFound = "route-not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    case insufficientStock = "insufficient-stock"
    case allHeld = "all-held"
    case customerLimit = "customer-limit"
    case orderState = "order-state"
    case notOnSale = "not-on-sale"
    case capacityInUse = "capacity-in-use"
    case soldOut = "sold-out"
    case holdExpired = "hold-expired"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case idempotencyKeyReused = "idempotency-key-reused"
    case headersTooLarge = "headers-too-large"
    case rateLimited = "rate-limited"
    case internalError = "internal-error"
    case queueFull = "queue-full"
    case storeUnavailable = "store-unavailable"
    case tooManyClients = "too-many-clients"
    case recovering

    var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest: .badRequest
        case .unauthorized: .unauthorized
        case .adminDisabled: .forbidden
        case .eventNotFound, .orderNotFound, .deadLetterNotFound, .routeNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .insufficientStock, .allHeld, .customerLimit, .orderState, .notOnSale, .capacityInUse: .conflict
        case .soldOut, .holdExpired: .gone
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .idempotencyKeyReused: .unprocessableContent
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .rateLimited: .tooManyRequests
        case .internalError: .internalServerError
        case .queueFull, .storeUnavailable, .tooManyClients, .recovering: .serviceUnavailable
        }
    }

    var title: String {
        switch self {
        case .invalidRequest: "The request is not valid"
        case .unauthorized: "A valid bearer token is required"
        case .adminDisabled: "Administration is disabled"
        case .eventNotFound: "There is no such event"
        case .orderNotFound: "There is no such order"
        case .deadLetterNotFound: "There is no such dead letter"
        case .routeNotFound: "There is no such route"
        case .methodNotAllowed: "The route does not accept this method"
        case .requestTimeout: "The request took too long to arrive"
        case .insufficientStock: "Fewer tickets are left than requested"
        case .allHeld: "All remaining tickets are held"
        case .customerLimit: "The customer's limit is reached"
        case .orderState: "The order's state does not allow it"
        case .notOnSale: "The event is not on sale"
        case .capacityInUse: "The capacity is in use"
        case .soldOut: "The event is sold out"
        case .holdExpired: "The hold has expired"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .idempotencyKeyReused: "The idempotency key belongs to another order"
        case .headersTooLarge: "The headers are too large or too many"
        case .rateLimited: "Too many requests"
        case .internalError: "Internal error"
        case .queueFull: "Too many orders are queued"
        case .storeUnavailable: "A store does not respond"
        case .tooManyClients: "Postgres has no connection left"
        case .recovering: "The event is being recovered"
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
            case .queueFull: .queueFull
            case .insufficientStock: .insufficientStock
            case .allHeld: .allHeld
            case .soldOut: .soldOut
            case .idempotencyKeyReused: .idempotencyKeyReused
            }
    }
}
