import NIOCore

/// A complete response that the connection writes by itself, without the application.
struct ConnectionResponse: Hashable, Sendable {
    var response: APIResponse
    /// Nil if the request has no id yet.
    var requestID: RequestID?
    /// The client's rate limit and its standing, which the response reports.
    var rate: ResponseWriter.Context.Rate?
    /// Whether the request's method is HEAD; then the response has no body.
    var isHead = false
    /// Whether the connection is closed after the response, which `Connection: close` announces.
    var closes = false
    /// Whether the body consists of chunks, of which this is the first.
    var isChunked = false

    init(_ response: APIResponse) {
        self.response = response
    }

    init(_ problem: Problem, isHead: Bool, closes: Bool) {
        response = APIResponse(problem)
        self.isHead = isHead
        self.closes = closes
    }
}
