import HTTPTypes
import Hummingbird
import Runtime

/// An error as RFC 9457 (problem details) tells it to a client: nothing internal, and what helps.
struct Problem: Error {
    var code: ProblemCode
    var detail: String
    /// Members beyond the standard ones: `field`, `state`, `available`, …
    var extras: [(name: String, value: JSONObject.Value)] = []
    var retryAfterSeconds: Int?
    var headers: HTTPFields = [:]

    init(_ code: ProblemCode, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    static func invalid(_ field: String?, _ detail: String) -> Problem {
        var problem = Problem(.invalidRequest, detail)
        if let field { problem.extras.append(("field", .string(field))) }
        return problem
    }

    func with(_ name: String, _ value: JSONObject.Value) -> Problem {
        var problem = self
        problem.extras.append((name, value))
        return problem
    }

    var body: String {
        var object = JSONObject()
        object["type"] = .string("/problems/\(code.rawValue)")
        object["title"] = .string(code.title)
        object["status"] = .integer(code.status.code)
        object["detail"] = .string(detail)
        object["code"] = .string(code.rawValue)
        for extra in extras { object[extra.name] = extra.value }
        if let retryAfterSeconds { object["retry_after_s"] = .integer(retryAfterSeconds) }
        return object.text
    }

    /// As it is written where no route is at work.
    var answer: (head: HTTPResponse, body: ByteBuffer) {
        let body = ByteBuffer(string: body)
        var headers = allHeaders
        headers[.contentLength] = String(body.readableBytes)
        return (HTTPResponse(status: code.status, headerFields: headers), body)
    }

    var response: Response {
        Response(status: code.status, headers: allHeaders, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    private var allHeaders: HTTPFields {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
        return headers
    }
}

/// Every code that a problem can have, with its status and title.
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
        case .unauthorized: "A valid bearer token is needed"
        case .adminDisabled: "Administration is switched off"
        case .eventNotFound: "There is no such event"
        case .orderNotFound: "There is no such order"
        case .deadLetterNotFound: "There is no such dead letter"
        case .routeNotFound: "There is no such route"
        case .methodNotAllowed: "The route does not take this method"
        case .requestTimeout: "The request took too long to arrive"
        case .insufficientStock: "Fewer tickets are left than asked for"
        case .allHeld: "All that is left is held by others"
        case .customerLimit: "The customer's limit is reached"
        case .orderState: "The order's state does not allow it"
        case .notOnSale: "The event is not on sale"
        case .capacityInUse: "The capacity is in use"
        case .soldOut: "The event is sold out"
        case .holdExpired: "The hold is over"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .idempotencyKeyReused: "The idempotency key belongs to another order"
        case .headersTooLarge: "The headers are too large or too many"
        case .rateLimited: "Too many requests"
        case .internalError: "Something went wrong on our side"
        case .queueFull: "Too many orders are on their way"
        case .storeUnavailable: "A store does not answer"
        case .tooManyClients: "Postgres has no connection left"
        case .recovering: "The event is being recovered"
        }
    }
}
