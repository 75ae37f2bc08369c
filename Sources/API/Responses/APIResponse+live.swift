import Domain
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The first message of a stream.
struct LiveFirst: Sendable {
    var update: LiveUpdate
    /// Whether it is the last one too.
    var isComplete = false
}

extension LiveFirst {
    init(_ order: Order) {
        self.init(update: LiveUpdate(order, number: 0), isComplete: !order.isLive)
    }
}

extension APIResponse {
    /// The response that begins a stream. A client that has the present state already is not sent it again; if nothing can
    /// follow it, the response is 204, after which browsers do not connect again.
    init(_ first: Result<LiveFirst, Problem>, to request: LiveRequest) {
        switch first {
        case .failure(let problem):
            self.init(problem)
        case .success(let first):
            let isKnown = request.lastID == first.update.id
            guard !isKnown || !first.isComplete else {
                self.init(.noContent, ByteBuffer())
                return
            }
            self.init(.ok, LiveMessage.retry(in: 1000...3000).text)
            contentType = .events
            // For proxies that collect responses, such as nginx.
            otherFields[.accelBuffering] = "no"
            live = LiveStart(
                subject: request.subject, sentID: first.update.id, sentNumber: first.update.number,
                first: isKnown ? nil : first.update.message(after: request.lastID), isComplete: first.isComplete)
        }
    }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let accelBuffering = Self("X-Accel-Buffering").unsafelyUnwrapped
}
