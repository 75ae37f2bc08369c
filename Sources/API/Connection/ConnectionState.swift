import NIOCore
import NIOHTTP1

/// The requests of one HTTP/1.1 connection: which responses are owed, which request arrives, which one waits for an order,
/// and when the connection closes.
///
/// A value without I/O. ``handle(_:at:)`` takes an input and returns the actions that ``ConnectionHandler`` executes.
///
/// It guarantees:
/// - Responses leave in the order of the requests (RFC 9112, section 9.3.2), whether the connection or the application
///   responds. A request goes to the application only when the connection itself owes no earlier response.
/// - A request that exceeds the client's rate limit is refused without the application.
/// - A request that waits for an order stays here, so that it costs no more than its connection. It is answered if the
///   order is settled, the wait time has elapsed, the client sends another request, or the server shuts down.
/// - A body has to arrive within the body timeout. A request head has to arrive within the idle timeout, which does not
///   elapse while a response is owed.
/// - A client that takes nothing of a response for the idle timeout loses the connection; one that takes some keeps it.
/// - A stream ends when the client sends another request or closes its side, and when the server shuts down.
/// - A client that waits for `100 Continue` receives it, or the final response, before it sends the body.
/// - A request whose body is cut off is never taken for a complete one.
/// - After ``Action/close``, or after a response that closes, no part is passed on in either direction.
struct ConnectionState {
    struct Configuration: Hashable, Sendable {
        /// Time without a request after which the connection is closed.
        var idleTimeout = TimeAmount.seconds(75)
        /// The value of the field `Keep-Alive`, which tells clients the idle timeout.
        var keepAlive: String { "timeout=\(idleTimeout.nanoseconds / 1_000_000_000)" }
        /// Time for a request's body, from the read that ends with an incomplete body.
        var bodyTimeout = TimeAmount.seconds(5)
        /// Nil: clients have no rate limit.
        var rateLimit: RateLimit?
        /// Requests without a response at which a rate-limited connection is closed. Without a rate limit, reading from
        /// the connection stops instead.
        var maxOwedResponses = 100
        /// Requests that the application has not answered at which reading stops. One read can bring more.
        var maxApplicationTurns = 16
        /// Whether the connection responds to requests that are a ``DirectRequest``.
        var answersDirectly = false
        /// Time for which a client may take nothing of a stream.
        var streamTimeout: TimeAmount { min(idleTimeout, .seconds(30)) }
    }

    /// A request whose response is owed.
    struct Turn {
        enum Responder {
            case application
            /// The connection itself; the response is nil while it is not known.
            case connection(ConnectionResponse?)
        }

        /// Distinguishes the request from the others of the connection.
        let number: Int
        var responder: Responder
        let isHead: Bool
        /// Whether the connection closes after the response.
        let closes: Bool
        let isHTTP1_0: Bool
        let standing: RateStanding?
        let id: RequestID.Given
        /// Whether the client waits for `100 Continue`.
        var awaitsContinue: Bool
    }

    /// The body of the request that arrives.
    enum Body {
        /// No request is incomplete.
        case complete
        case arriving
        /// It has a deadline.
        case timed
    }

    /// A direct request whose body has not arrived completely.
    struct ArrivingRequest {
        let request: DirectRequest
        var body: ByteBuffer?
    }

    let configuration: Configuration
    /// Why a request that waits for `100 Continue` is refused by its head; nil if it is not.
    let preflight: (@Sendable (HTTPRequestHead) -> Problem?)?
    /// The oldest request first. Requests that the connection answers directly come before those of the application.
    var turns = CircularBuffer<Turn>(initialCapacity: 2)
    var turnCount = 0
    /// Owed responses of the application.
    var applicationTurns = 0
    /// Requests that the connection answers directly and whose response is not known yet.
    var directTurns = 0
    var arriving: ArrivingRequest?
    /// The response to the request that arrives, if it is refused after it has arrived.
    var refusal: ConnectionResponse?
    /// Whether the connection closes after a response that is owed, so that later requests are not answered.
    var hasLastRequest = false
    /// Parts for the application that wait until the connection has answered its own requests.
    var held: [HTTPServerRequestPart] = []
    var holdsInputClosed = false
    /// The response to the oldest request, if it is a stream that is being sent.
    var stream: Stream?
    /// Whether a part of the response to the oldest request has been written.
    var responseHasStarted = false
    var body = Body.complete
    /// The request that waits for an order; always the newest complete one.
    var waiting: WaitingRequest?
    var waitCount = 0
    /// Whether the channel takes more of a response.
    var isWritable = true
    /// What the client has taken of the responses when the state last looked; nil if nothing was unsent then.
    var taking: Taking?
    var lastActivity = NIODeadline.uptimeNanoseconds(0)
    var idleTimerIsSet = false
    /// Whether a request has gone to the application, which then closes the connection when the client has closed its side.
    var usesApplication = false
    var isInputClosed = false
    var isQuiescing = false
    private(set) var isClosing = false
    /// What the client did wrong, for the metrics.
    var faults: [ClientFault: Int] = [:]

    init(_ configuration: Configuration, preflight: (@Sendable (HTTPRequestHead) -> Problem?)? = nil) {
        self.configuration = configuration
        self.preflight = preflight
    }

    /// Whether the next request is accepted, so that it counts for the rate limit.
    var acceptsRequests: Bool {
        !isClosing && (configuration.rateLimit == nil || turns.count < configuration.maxOwedResponses)
    }

    /// Whether more may be read. What has been read already is still handled.
    var acceptsReads: Bool {
        isWritable && directTurns < configuration.maxOwedResponses && held.count < configuration.maxOwedResponses
            && applicationTurns < configuration.maxApplicationTurns
    }

    /// Whether the connection itself responds to the request that arrives.
    var respondsToArriving: Bool {
        if body != .complete, case .connection? = turns.last?.responder { true } else { false }
    }

    /// After this, no part is passed on.
    mutating func beginClosing() {
        isClosing = true
        held = []
    }
}
