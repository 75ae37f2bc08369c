import Domain
import Hummingbird
import NIOCore
import NIOHTTP1

/// A response of a sale's requests, before it is written: by the connection itself (see ``ResponseWriter``), or by the
/// router.
struct APIResponse: Hashable, Sendable {
    enum ContentType: String, Hashable, Sendable {
        case json = "application/json"
        case problem = "application/problem+json"
    }

    var status: HTTPResponseStatus
    var contentType = ContentType.json
    /// The order that the header `Location` names.
    var location: OrderID?
    var retryAfterSeconds: Int?
    /// Whether the response repeats an earlier one, because the idempotency key is the same.
    var isReplay = false
    /// The wait time, in seconds, that the client preferred and that was applied.
    var appliedWait: Int?
    /// Fields that only some problems have.
    var otherFields: HTTPFields = [:]
    var body: ByteBuffer

    init(_ status: HTTPResponseStatus, _ body: ByteBuffer) {
        self.status = status
        self.body = body
    }

    init(_ problem: Problem) {
        status = HTTPResponseStatus(statusCode: problem.code.status.code)
        contentType = .problem
        retryAfterSeconds = problem.retryAfterSeconds
        otherFields = problem.headers
        body = problem.body
    }
}

extension Response {
    /// The response as the router returns it.
    init(_ response: APIResponse) {
        var headers = response.otherFields
        headers[.contentType] = response.contentType.rawValue
        if let order = response.location { headers[.location] = "/orders/\(order)" }
        if let seconds = response.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if response.isReplay { headers[.idempotentReplayed] = "true" }
        if let seconds = response.appliedWait { headers[.preferenceApplied] = "wait=\(seconds)" }
        self.init(
            status: .init(code: Int(response.status.code), reasonPhrase: response.status.reasonPhrase),
            headers: headers, body: ResponseBody(byteBuffer: response.body))
    }
}
