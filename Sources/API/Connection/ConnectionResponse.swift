import HTTPTypes
import NIOCore

/// A complete response that the connection writes by itself, without the application.
struct ConnectionResponse: Hashable, Sendable {
    var head: HTTPResponse
    /// Nil for a response to HEAD.
    var body: ByteBuffer?
    /// Whether the connection is closed after the response.
    var closes = false

    /// A problem as the response.
    ///
    /// - Parameters:
    ///   - isHead: whether the request's method is HEAD; then the response has no body.
    ///   - closes: whether the connection is closed after the response, which `Connection: close` announces.
    init(_ problem: Problem, isHead: Bool, closes: Bool) {
        let parts = problem.responseParts
        head = parts.head
        body = isHead ? nil : parts.body
        self.closes = closes
        if closes { head.headerFields[.connection] = "close" }
    }
}
