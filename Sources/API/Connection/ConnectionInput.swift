import HTTPTypes
import NIOCore
import NIOHTTP1

extension ConnectionState {
    /// What happens on a connection.
    enum Input: Sendable {
        /// The connection is open.
        case opened

        // From the HTTP decoder.
        case head(HTTPRequest, RateCheck)
        case body
        case end(HTTPFields?)
        case readComplete
        case decoderError(HTTPParserError)

        // From the application: the parts of the response to its oldest request.
        case responseHead(HTTPResponse)
        case responseBody
        case responseEnd

        // From the timers.
        case idleTimer
        case bodyTimer
        case waitTimer(wait: Int)

        // From the order watch.
        case watching(wait: Int)
        case orderChanged(wait: Int)
        case orderChecked(wait: Int, isSettled: Bool)
        /// The watch is closed, or has too many waiters.
        case watchEnded(wait: Int)

        // From the channel.
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
    enum Action: Hashable, Sendable {
        /// Pass the part or event that caused the input to the next handler, unchanged.
        case passOn
        /// Pass a request that waited for an order to the application.
        case forward(HTTPRequest)
        case forwardEnd(HTTPFields?)
        case readComplete
        /// Write a response head in place of the one that the application wrote.
        case writeHead(HTTPResponse)
        /// Write and flush a complete response.
        case respond(ConnectionResponse)
        /// Fail the application's write: the connection is closing.
        case failWrite
        /// Report to the application that the body of the current request is incomplete.
        case reportBodyCutOff
        case close

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
