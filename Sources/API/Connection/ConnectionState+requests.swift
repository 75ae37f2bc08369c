import NIOCore
import NIOHTTP1

extension ConnectionState {
    mutating func head(_ request: HTTPRequestHead, _ check: RateCheck, at now: NIODeadline, _ actions: inout Actions) {
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
        let direct = isRefused ? nil : directRequest(request)
        turnCount += 1
        turns.append(
            Turn(
                number: turnCount, responder: isRefused || direct != nil ? .connection(nil) : .application,
                isHead: request.method == .HEAD, closes: request.asksToClose, standing: standing))
        if let direct {
            directTurns += 1
            arriving = ArrivingRequest(request: direct)
        } else if !isRefused {
            applicationTurns += 1
            passToApplication(request, &actions)
        }
    }

    /// Nil if the request is for the application, also because an earlier one is: requests are executed in their order.
    private func directRequest(_ request: HTTPRequestHead) -> DirectRequest? {
        guard configuration.answersDirectly, applicationTurns == 0 else { return nil }
        return DirectRequest(request)
    }

    private mutating func passToApplication(_ request: HTTPRequestHead, _ actions: inout Actions) {
        if directTurns == 0, held.isEmpty, let wait = OrderWait(request) {
            waitCount += 1
            waiting = WaitingRequest(responder: .application(request), wait: wait, number: waitCount)
        } else {
            passOn(.head(request), &actions)
        }
    }

    /// Passes the part that has arrived to the application, or holds it back while the connection owes earlier responses.
    private mutating func passOn(_ part: @autoclosure () -> HTTPServerRequestPart, _ actions: inout Actions) {
        if directTurns > 0 || !held.isEmpty {
            held.append(part())
        } else {
            usesApplication = true
            actions.append(.passOn)
        }
    }

    mutating func body(_ bytes: ByteBuffer, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing else { return }
        if respondsToArriving {
            // A direct request announces a body of limited length, and a refused one needs no body.
            arriving?.append(bytes)
            return
        }
        // A request with a body does not wait.
        resume(&actions)
        passOn(.body(bytes), &actions)
    }

    mutating func end(_ trailers: HTTPHeaders?, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing else { return }
        let isOwn = respondsToArriving
        if body == .timed { actions.append(.cancelBodyTimer) }
        body = .complete
        if let request = arriving {
            arriving = nil
            answer(request, &actions)
        } else if isOwn {
            refuseLast()
            writeDueResponses(at: now, &actions)
        } else if !beginWait(trailers, &actions) {
            resume(&actions)
            passOn(.end(trailers), &actions)
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

extension ConnectionState.ArrivingRequest {
    fileprivate mutating func append(_ bytes: ByteBuffer) {
        if body == nil { body = bytes } else { body?.writeImmutableBuffer(bytes) }
    }
}

extension HTTPRequestHead {
    /// Whether the client wants the connection to be closed after the response.
    fileprivate var asksToClose: Bool {
        for (name, value) in headers where name.utf8.count == 10 && name.lowercased() == "connection" {
            if value.lowercased().contains("close") { return true }
        }
        return false
    }
}
