import HTTPTypes
import NIOCore

extension ConnectionState {
    mutating func head(_ request: HTTPRequest, _ check: RateCheck, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing else { return }
        var standing: RateStanding?
        switch check {
        case .unlimited: break
        case .counted(let counted): standing = counted
        case .unknownClient: return close(&actions)
        }
        guard acceptsRequests else { return close(&actions) }
        body = .arriving
        let isRefused = standing?.isAllowed == false
        if !isRefused { resume(&actions) }
        turns.append(
            Turn(
                responder: isRefused ? .connection(nil) : .application, isHead: request.method == .head,
                closes: request.headerFields[.connection]?.lowercased().contains("close") ?? false,
                standing: standing))
        guard !isRefused else { return }
        if let wait = OrderWait(request) {
            waitCount += 1
            waiting = WaitingRequest(head: request, wait: wait, number: waitCount)
        } else {
            actions.append(.passOn)
        }
    }

    mutating func body(at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing, !respondsToArriving else { return }
        // A request with a body does not wait.
        resume(&actions)
        actions.append(.passOn)
    }

    mutating func end(_ trailers: HTTPFields?, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing else { return }
        let isOwn = respondsToArriving
        if body == .timed { actions.append(.cancelBodyTimer) }
        body = .complete
        if isOwn {
            refuseLast()
            writeDueResponses(at: now, &actions)
        } else if !beginWait(trailers, &actions) {
            resume(&actions)
            actions.append(.passOn)
        }
    }

    /// A request that is complete here, as most are, needs no timer.
    mutating func readComplete(at now: NIODeadline, _ actions: inout Actions) {
        if body == .arriving, !isClosing {
            body = .timed
            actions.append(.setBodyTimer(now + configuration.bodyTimeout))
        }
        actions.append(.passOn)
    }

    /// The response to the newest request is that its client has exceeded the rate limit.
    private mutating func refuseLast() {
        guard var turn = turns.popLast() else { return }
        if let limit = configuration.rateLimit, let standing = turn.standing {
            turn.responder = .connection(
                ConnectionResponse(limit.problem(standing), isHead: turn.isHead, closes: turn.closes))
        }
        turns.append(turn)
    }
}
