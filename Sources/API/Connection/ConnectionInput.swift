import NIOCore
import NIOHTTP1

extension ConnectionState {
    /// What happens on a connection.
    enum Input: Sendable {
        /// The connection is open.
        case opened

        // From the HTTP decoder.
        case head(HTTPRequestHead, RateCheck)
        case body(ByteBuffer)
        case end(HTTPHeaders?)
        case readComplete
        case decoderError(HTTPParserError)

        // From the application: the parts of the response to its oldest request.
        case responseHead(HTTPResponseHead)
        case responseBody
        case responseEnd

        /// From the connection's own responder: the response to a request that it was given.
        case answered(turn: Int, APIResponse, RequestID)

        /// From what the client watches with a stream: there is nothing more to send.
        case streamEnded(reconnects: Bool)

        // From the timers.
        case idleTimer(Unsent = .none)
        case bodyTimer
        case waitTimer(wait: Int)

        // From the order watch.
        case watching(wait: Int)
        case orderChanged(wait: Int)
        case orderChecked(wait: Int, isSettled: Bool)
        /// The watch is closed, or has too many waiters.
        case watchEnded(wait: Int)

        // From the channel.
        /// More is unsent than the channel's limit.
        case unwritable(Unsent)
        case writable
        /// Another connection needs the place of this one.
        case evicted
        case inputClosed
        case quiesce
        case inactive
    }

    /// The result of the rate limit for one request.
    enum RateCheck: Sendable {
        case unlimited
        case counted(RateStanding)
        /// The client's address is not known, so that its requests cannot be counted.
        case unknownClient
    }

    /// What the handler does next, in this order.
    enum Action: Equatable, Sendable {
        /// Pass the part or event that caused the input to the next handler, unchanged.
        case passOn
        /// As `passOn`, for the last part of a response after which the connection closes.
        case passOnAndClose
        /// Pass a part of a request that was held back to the application.
        case forward(HTTPServerRequestPart)
        case readComplete
        /// Tell the application that the client sends nothing more; the event was held back.
        case forwardInputClosed
        /// Write a response head in place of the one that the application wrote.
        case writeHead(HTTPResponseHead)
        /// Respond to a request without the application.
        ///
        /// - Parameter id: the request's id.
        case answer(DirectRequest, body: ByteBuffer?, turn: Int, id: RequestID.Given = .none)
        /// Tell the client that it can send the body.
        case writeContinue
        /// Write and flush a complete response.
        case respond(ConnectionResponse)
        /// Send what a client watches.
        case stream(LiveStart, isChunked: Bool)
        /// Stop that, and write the end of the response.
        ///
        /// - Parameter reconnects: whether the client is told to connect again.
        case endStream(reconnects: Bool, isChunked: Bool, closes: Bool)
        /// Fail the application's write: the connection is closing.
        case failWrite
        /// Report to the application that the body of the current request is incomplete.
        case reportBodyCutOff
        case close
        /// Close and discard what is unsent: the client does not take it.
        case abort

        case setIdleTimer(NIODeadline)
        case setBodyTimer(NIODeadline)
        case cancelBodyTimer

        case watch(OrderWait, wait: Int)
        case setWaitTimer(NIODeadline, wait: Int)
        case checkOrder(OrderWait, wait: Int)
        /// End the watch and cancel its timer.
        case endWatch
    }

    /// A list of actions. Most inputs lead to one action at most, for which the list needs no heap memory.
    struct Actions {
        private var first: Action?
        private var others: [Action] = []

        mutating func append(_ action: Action) {
            if first == nil { first = action } else { others.append(action) }
        }

        /// Calls `body` with each action in order.
        func perform(_ body: (Action) -> Void) {
            if let first { body(first) }
            for action in others { body(action) }
        }
    }
}
