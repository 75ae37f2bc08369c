import NIOCore
import NIOHTTP1

/// Requests that are refused by their heads, and clients that wait for `100 Continue`.
extension ConnectionState {
    /// A refusal without the application.
    struct Refused {
        let problem: Problem
        /// Whether the response does not wait for the body, and the connection closes after it: where the next request
        /// begins is not known.
        let isFinal: Bool
    }

    func refused(
        _ request: HTTPRequestHead, _ framing: RequestFraming, _ standing: RateStanding?
    ) -> Refused? {
        if let limit = configuration.rateLimit, let standing, !standing.isAllowed {
            return Refused(problem: limit.problem(standing), isFinal: framing.expectsContinue)
        }
        if !framing.hasValidHost { return Refused(problem: .invalidHost, isFinal: true) }
        // What follows CONNECT is not HTTP.
        if request.method == .CONNECT { return Refused(problem: .routeNotFound, isFinal: true) }
        guard framing.expectsContinue, let problem = preflight?(request) else { return nil }
        return Refused(problem: problem, isFinal: true)
    }

    /// Refuses the newest request.
    mutating func refuse(
        _ refused: Refused, _ framing: RequestFraming, at now: NIODeadline, _ actions: inout Actions
    ) {
        guard let turn = turns.last else { return }
        var response = ConnectionResponse(
            refused.problem, isHead: turn.isHead, closes: framing.closes || refused.isFinal)
        response.requestID = RequestID(turn.id)
        // The problem of a rate limit has its fields.
        if turn.standing?.isAllowed == true { response.rate = rate(turn.standing) }
        guard refused.isFinal else {
            refusal = response
            return
        }
        body = .complete
        hasLastRequest = true
        turns[offset: turns.count - 1].responder = .connection(response)
        writeDueResponses(at: now, &actions)
    }

    /// Tells the client that it can send the body, if no earlier response is owed: it would take `100 Continue` for that.
    mutating func continueIfDue(at now: NIODeadline, _ actions: inout Actions) {
        guard turns.count == 1, turns[turns.startIndex].awaitsContinue else { return }
        turns[turns.startIndex].awaitsContinue = false
        actions.append(.writeContinue)
    }

    /// A client that sends the body does not wait for `100 Continue`.
    mutating func bodyHasBegun() {
        guard let turn = turns.last, turn.awaitsContinue else { return }
        turns[offset: turns.count - 1].awaitsContinue = false
    }
}

extension Problem {
    fileprivate static var invalidHost: Problem {
        .invalid("Host", "Host must be sent once, with a name or an address and, if needed, a port.")
    }
}
