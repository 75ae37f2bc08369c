import HTTPTypes
import NIOCore

/// The requests of one HTTP/1.1 connection: which responses are owed, which request arrives, which one waits for an order,
/// and when the connection closes.
///
/// A value without I/O. ``handle(_:at:)`` takes an input and returns the actions that ``ConnectionHandler`` executes.
///
/// It guarantees:
/// - Responses leave in the order of the requests (RFC 9112, section 9.3.2), also those that the connection writes itself.
/// - A request that exceeds the client's rate limit is refused without the application.
/// - A request that waits for an order stays here, so that it costs no more than its connection. It is forwarded if the
///   order is settled, the wait time has elapsed, the client sends another request, or the server shuts down.
/// - A body has to arrive within the body timeout. A request head has to arrive within the idle timeout, which does not
///   elapse while a response is owed.
/// - A request whose body is cut off is never forwarded as complete.
/// - After ``Action/close``, or after a response that closes, no part is passed on in either direction.
struct ConnectionState {
    struct Configuration: Hashable, Sendable {
        /// Time without a request after which the connection is closed.
        var idleTimeout = TimeAmount.seconds(10)
        /// Time for a request's body, from the read that ends with an incomplete body.
        var bodyTimeout = TimeAmount.seconds(5)
        /// Nil: clients have no rate limit.
        var rateLimit: RateLimit?
        /// Requests without a response at which a rate-limited connection is closed. Without a rate limit every request is
        /// forwarded, and the application stops reading if it has too many.
        var maxOwedResponses = 100
    }

    /// A request whose response is owed.
    struct Turn {
        enum Responder {
            case application
            /// The connection itself; the response is nil while it is not known.
            case connection(ConnectionResponse?)
        }

        var responder: Responder
        let isHead: Bool
        /// Whether the client asked to close the connection after the response.
        let closes: Bool
        let standing: RateStanding?
    }

    /// The body of the request that arrives.
    enum Body {
        /// No request is incomplete.
        case complete
        case arriving
        /// It has a deadline.
        case timed
    }

    let configuration: Configuration
    /// The oldest request first.
    var turns = CircularBuffer<Turn>(initialCapacity: 2)
    /// Whether a part of the response to the oldest request has been written.
    var responseHasStarted = false
    var body = Body.complete
    /// The request that waits for an order; always the application's newest.
    var waiting: WaitingRequest?
    var waitCount = 0
    var lastActivity = NIODeadline.uptimeNanoseconds(0)
    var idleTimerIsSet = false
    private(set) var isClosing = false

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// Whether the next request is accepted, so that it counts for the rate limit.
    var acceptsRequests: Bool {
        !isClosing && (configuration.rateLimit == nil || turns.count < configuration.maxOwedResponses)
    }

    /// Whether the connection itself responds to the request that arrives.
    var respondsToArriving: Bool {
        if body != .complete, case .connection? = turns.last?.responder { true } else { false }
    }

    /// Advances the state.
    ///
    /// - Returns: what is to be done, in order.
    mutating func handle(_ input: Input, at now: NIODeadline) -> Actions {
        var actions = Actions()
        switch input {
        case .opened: open(at: now, &actions)
        case .head(let request, let check): head(request, check, at: now, &actions)
        case .body: body(at: now, &actions)
        case .end(let trailers): end(trailers, at: now, &actions)
        case .readComplete: readComplete(at: now, &actions)
        case .decoderError(let error): refuse(Problem(error), at: now, &actions)
        case .responseHead(let head): responseHead(head, &actions)
        case .responseBody: actions.append(isClosing ? .failWrite : .passOn)
        case .responseEnd: responseEnd(at: now, &actions)
        case .idleTimer: idleTimerFired(at: now, &actions)
        case .bodyTimer: bodyTimerFired(at: now, &actions)
        case .waitTimer(let wait), .watchEnded(let wait): endWait(wait, &actions)
        case .watching(let wait): watching(wait, at: now, &actions)
        case .orderChanged(let wait): orderChanged(wait, &actions)
        case .orderChecked(let wait, let isSettled): orderChecked(wait, isSettled, &actions)
        case .inputClosed: inputClosed(&actions)
        case .quiesce: quiesce(&actions)
        case .inactive: inactive(&actions)
        }
        return actions
    }

    /// After this, no part is passed on.
    mutating func beginClosing() { isClosing = true }
}
