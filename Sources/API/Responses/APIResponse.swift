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
        case events = "text/event-stream"
    }

    /// Who may keep a response: the value of the header `Cache-Control`.
    enum Caching: String, Hashable, Sendable {
        /// Orders belong to one client, and problems are of the moment.
        case none = "no-store"
        /// What all clients get alike. A proxy or CDN keeps it for a second; a browser asks again each time, with the
        /// entity tag, so that its user never sees something older than the service has.
        case shared = "public, max-age=0, s-maxage=1"
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
    var caching = Caching.none
    /// With its quotation marks.
    var entityTag: String?
    /// Fields that only some problems have.
    var otherFields: HTTPFields = [:]
    /// The code of the problem that the response reports; nil if it reports none.
    private(set) var problem: ProblemCode?
    var body: ByteBuffer
    /// The stream that follows the body; nil if the response is complete.
    var live: LiveStart?

    /// Whether the response has a body. One without may not have its length either (RFC 9110, section 8.6).
    var hasBody: Bool { status.mayHaveResponseBody }

    init(_ status: HTTPResponseStatus, _ body: ByteBuffer) {
        self.status = status
        self.body = body
    }

    /// 200 with what all clients get alike, or 304 if the client has it already.
    ///
    /// - Parameter ifNoneMatch: the values of the header `If-None-Match`. If they are malformed, the response is a problem.
    init(shared body: ByteBuffer, tag: String, ifNoneMatch: [String]) {
        // Clients send one tag as they have got it.
        var isKnown = ifNoneMatch == [tag]
        if !isKnown, !ifNoneMatch.isEmpty {
            do throws(Problem) {
                isKnown = try EntityTags(ifNoneMatch, .ifNoneMatch)?.contains(tag) == true
            } catch {
                self.init(error)
                return
            }
        }
        self.init(isKnown ? .notModified : .ok, isKnown ? ByteBuffer() : body)
        entityTag = tag
        caching = .shared
    }

    init(_ problem: Problem) {
        status = HTTPResponseStatus(statusCode: problem.code.status.code)
        contentType = .problem
        self.problem = problem.code
        retryAfterSeconds = problem.retryAfterSeconds
        otherFields = problem.headers
        body = problem.body
    }
}

extension Response {
    /// The response as the router returns it.
    init(_ response: APIResponse) {
        var headers = response.otherFields
        headers[.cacheControl] = response.caching.rawValue
        if let tag = response.entityTag { headers[.eTag] = tag }
        if response.hasBody { headers[.contentType] = response.contentType.rawValue }
        if let order = response.location { headers[.location] = "/orders/\(order)" }
        if let seconds = response.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if response.isReplay { headers[.idempotentReplayed] = "true" }
        if let seconds = response.appliedWait { headers[.preferenceApplied] = "wait=\(seconds)" }
        self.init(
            status: .init(code: Int(response.status.code), reasonPhrase: response.status.reasonPhrase),
            headers: headers, body: ResponseBody(byteBuffer: response.body))
    }
}
